"""lm-evaluation-harness itself, in its own environment, on a tiny model: the same prompts and items, item by item."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.parity import Agreement, agree, read
from tests.support.small_grid import TEXT, write_experiment, xdomain
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.evaluate.harness import PYTHON_VARIABLE, sample_files

BASE = "base tiny_qwen3"
ITEMS = 60
TOKENS = 8


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the warmed-up base of a small grid."""
    folder = tmp_path_factory.mktemp("lm-eval")
    experiment = write_experiment(folder, TEXT)
    xdomain("grid", "run", experiment, "--store", folder / "store", "--stage", BASE)
    return folder / "store"


def need_harness(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips where the environment of `make lm-eval-env` is absent and none is named."""
    made = repository / ".venv-lm-eval" / "bin" / "python"
    if PYTHON_VARIABLE not in os.environ:
        if not made.is_file():
            pytest.skip(f"no lm-evaluation-harness: make lm-eval-env, or set {PYTHON_VARIABLE}")
        monkeypatch.setenv(PYTHON_VARIABLE, str(made))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def write_task(folder: Path) -> None:
    """Our logic domain as a task of the harness: its prompts and golds, greedy, equal text."""
    domain = build_domains((), ["logic"])["logic"]
    rows = [{"prompt": item.prompt, "gold": item.gold} for item in domain.items(Split.TEST)]
    folder.mkdir()
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "task": "logic_rows",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "rows.jsonl")}},
        "output_type": "generate_until",
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{gold}}",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": TOKENS},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "logic_rows.yaml").write_text(yaml.safe_dump(task))


def test_the_same_items_score_the_same(
    repository: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_harness(repository, monkeypatch)
    write_task(tmp_path / "tasks")
    extra = f"--include_path {tmp_path / 'tasks'} --batch_size 8"
    theirs = ["eval", BASE, "--lm-eval", "logic_rows", "--lm-eval-args", extra, "--items", "1000", "--store", store]
    result = json.loads(xdomain(*theirs, "--json").stdout)
    (column,) = result["matrices"]["accuracy"]["columns"]
    assert column == "logic_rows exact_match"

    ours = ["eval", BASE, "--domains", "logic", "--items", "1000", "--max-tokens", TOKENS, "--store", store]
    xdomain(*ours, "--format", "lm-eval", "--out", tmp_path / "out")
    (mine,) = sample_files(tmp_path / "out").values()
    (folder,) = (store / "reports" / "lm-eval").iterdir()
    found = agree("logic", read(mine), read(sample_files(folder)["logic_rows"]), "none")
    assert found == Agreement("logic", 1000, 1000, 1000, 1000, found.ours, found.ours, ())
    assert 0.2 < found.ours < 0.98, "a model that gets some right and some wrong"
    assert result["matrices"]["accuracy"]["cells"][BASE][column]["estimate"] == pytest.approx(found.ours)

    log = (folder / "lm-eval.log").stat().st_mtime_ns
    xdomain(*theirs)
    assert (folder / "lm-eval.log").stat().st_mtime_ns == log, "what is done is not evaluated again"


def test_a_task_that_is_not_there_is_told(repository: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_harness(repository, monkeypatch)
    ended = xdomain("eval", BASE, "--lm-eval", "no_such_task", "--store", store, code=1)
    assert "no_such_task" in ended.stderr
    assert "lm-eval.log" in ended.stderr


def test_without_the_harness_the_pip_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(bare))
    ended = xdomain("eval", BASE, "--lm-eval", "gsm8k", "--store", tmp_path / "s", code=3)
    assert "pip install 'lm-eval[hf]'" in ended.stderr


def test_one_of_domains_and_tasks_is_asked_for(tmp_path: Path) -> None:
    assert "either --domains or --lm-eval" in xdomain("eval", BASE, "--store", tmp_path, code=2).stderr
    both = xdomain("eval", BASE, "--domains", "math", "--format", "lm-eval", "--store", tmp_path, code=2)
    assert "--format and --out need each other" in both.stderr
