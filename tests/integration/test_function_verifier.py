"""A grid whose verifier and reward are plain functions beside the experiment file, run in worker processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.small_grid import all_records, xdomain

REWARDS = '''
"""Judges by letters, and notes which process asked."""
import os
from helpers import letters

def score(item, completion):
    with open(os.environ["ASKED"], "a") as notes:
        notes.write(f"{os.getpid()}\\n")
    if len(completion) % 3 == 2:
        raise ValueError("an unlucky length")
    return letters(completion) / max(len(completion), 1)

def reward(item, completion, verdict):
    return verdict.score
'''
HELPERS = "def letters(text):\n    return sum(each.isalpha() for each in text)\n"
EXPERIMENT = """
name: functions
model: {preset: tiny_qwen3}
domains:
  - name: words
    source: {kind: procedural, generator: letters, sizes: [60, 10, 40]}
    stop: [a, e, i, o, u, s, t, "1", "2", "3", " ", "."]
    verifier: {function: "rewards:score"}
    reward: {function: "rewards:reward", control: true}
  - puzzle
grid: {singles: true}
training: {steps: 2, prompts_per_step: 4, generations: 4, max_completion_tokens: 6}
evaluation: {items: 20, samples: 2, temperature: 1.0}
execution: {workers: 2, device: cpu}
"""


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rewards.py").write_text(REWARDS)
    (folder / "helpers.py").write_text(HELPERS)
    (folder / "functions.yaml").write_text(EXPERIMENT)
    return folder / "functions.yaml"


def planned(experiment: Path, store: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(xdomain("grid", "plan", experiment, "--store", store, "--json").stdout)
    return found


def keys(plan: dict[str, Any], text: str) -> set[str]:
    return {stage["key"] for stage in plan["stages"] if text in stage["title"]}


def own_score(completion: str) -> float | None:
    if len(completion) % 3 == 2:
        return None
    return sum(each.isalpha() for each in completion) / max(len(completion), 1)


def test_a_grid_judges_with_it_and_an_edit_is_rescored(experiment: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    before = planned(experiment, store)
    assert not (tmp_path / "asked").exists(), "a plan runs nothing of the user's"
    xdomain("grid", "run", experiment, "--store", store)
    records = all_records(store)
    words = records[records["domain"] == "words"]
    assert words["scorer"].nunique() == 1
    assert words["scorer"].iloc[0].startswith("function/")
    words = words[words["finish_reason"] == "stop"]
    assert len(words) > 50, "too few completions ended, and cut ones are wrong unasked"
    scores = [None if pd.isna(each) else each for each in words["score"]]
    assert scores == [own_score(each) for each in words["completion"]]
    failed = words[words["outcome"] == "unscored"]
    assert len(failed) > 0
    assert set(failed["reason"]) == {"ValueError: an unlucky length"}
    xdomain("report", experiment, "--store", store, "--out", tmp_path / "report")

    rewards = experiment.parent / "rewards.py"
    rewards.write_text(REWARDS.replace("% 3 == 2", "% 3 == 9"))
    after = planned(experiment, store)
    assert keys(before, " on puzzle") & keys(after, " on puzzle"), "the base on puzzle is judged by another verifier"
    assert not keys(before, " on words") & keys(after, " on words")
    base = next(stage for stage in after["stages"] if stage["title"] == "base on words")
    old = next(stage for stage in before["stages"] if stage["title"] == "base on words")
    explained = xdomain("grid", "plan", experiment, "--store", store, "--explain", base["key"], old["key"])
    assert "The verifier of words changed." in explained.stdout
    rescored = json.loads(xdomain("rescore", experiment, "--store", store, "--json").stdout)
    assert rescored["generated_tokens"] == 0
    judged = [each for each in rescored["verdicts"] if each["domain"] == "words" and each["before"] == "unscored"]
    assert sum(each["completions"] for each in judged) == len(failed)


def test_an_edit_while_stages_wait_is_refused_and_nothing_false_is_stored(experiment: Path, tmp_path: Path) -> None:
    rewards = experiment.parent / "rewards.py"
    # The first module that is imported edits the file, as an editor would while the grid runs.
    helper = f"import pathlib\npathlib.Path({str(rewards)!r}).write_text({REWARDS!r} + '# edited')\n"
    (experiment.parent / "helpers.py").write_text(HELPERS + helper)
    ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store", code=1)
    assert "was edited after the plan was made" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("from helpers", "from halpers", "ModuleNotFoundError: No module named 'halpers'"),
        ("def score(item, completion)", "def score(item)", "cannot be called with 2 arguments"),
        ("return verdict.score", "return 1 / 0", "a right answer has no reward: ZeroDivisionError"),
    ],
)
def test_a_run_tells_before_its_first_stage(experiment: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    (experiment.parent / "rewards.py").write_text(REWARDS.replace(old, new))
    text = EXPERIMENT.replace(", control: true", "")
    experiment.write_text(text)
    ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store", code=2)
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list((tmp_path / "store").glob("stages/*"))


def test_the_check_exercises_it_and_keeps_its_json(experiment: Path) -> None:
    rewards = experiment.parent / "rewards.py"
    rewards.write_text(REWARDS.replace("    with open", "    print('noise')\n    with open"))
    found = json.loads(xdomain("domains", "check", experiment, "--most", "5", "--json", code=2).stdout)
    (words,) = (each for each in found if each["name"] == "words")
    assert "ValueError: an unlucky length" in str(words) or "garbage is judged right" in str(words["problems"])
    shown = xdomain("domains", "show", experiment).stdout
    assert "rewards:score" in shown
