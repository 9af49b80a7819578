"""Evaluations that are killed with SIGKILL at random moments end with the records of an undisturbed one."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.small_grid import command, environment, xdomain
from tests.support.stage_runs import Silent
from tests.support.stages import evaluate_stage
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.parquet import read_records
from xdomain.core.stage import StageContext
from xdomain.evaluate.run import run_evaluations
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3

DOMAINS = ("logic", "math")
ITEMS, SAMPLES = 24, 3
SETTINGS = {
    "items": ITEMS,
    "samples": SAMPLES,
    "temperature": 1.0,
    "max_completion_tokens": 16,
    "batch_tokens": 250,  # many small batches, so that a kill finds some done and some not
}


SILENT = Silent()


class Counting(Silent):
    """A reporter that keeps the counts that it is told."""

    def __init__(self) -> None:
        self.counts: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, **values: Any) -> None:
        self.counts.append((done, total))


def evaluate(root: Path, model: Path, reporter: Silent = SILENT) -> None:
    """What a worker does with the two evaluations of one checkpoint; leaves a mark when it is through."""
    stages = [evaluate_stage(name, checkpoint="base", key=name, **SETTINGS) for name in DOMAINS]
    contexts = []
    for name in DOMAINS:
        work, scratch = root / name / "work", root / name / "scratch"
        for folder in (work, scratch):
            folder.mkdir(parents=True, exist_ok=True)
        contexts.append(StageContext(work, scratch, {"base": model}, 0, "cpu", reporter))
    summaries = [dict(result.summary) for _, result in run_evaluations(stages, contexts)]
    (root / "through.json").write_text(json.dumps(summaries))


def records(root: Path) -> pd.DataFrame:
    return read_records([root / name / "work" / "records.parquet" for name in DOMAINS])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stage = tmp_path_factory.mktemp("stage")
    save_full(*tiny_qwen3(seed=1), checkpoint_folder(stage, 0), chat_template=False)
    return stage


@pytest.fixture(scope="module")
def undisturbed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, float]:
    """Records, and seconds that they took."""
    root = tmp_path_factory.mktemp("undisturbed")
    begun = time.perf_counter()
    run_to_its_end(root, model)
    return records(root), time.perf_counter() - begun


def run_to_its_end(root: Path, model: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=evaluate, args=(root, model))
    process.start()
    process.join()
    assert process.exitcode == 0


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_killed_at_random_moments(
    seed: int, model: Path, undisturbed: tuple[pd.DataFrame, float], tmp_path: Path
) -> None:
    expected, seconds = undisturbed
    draw = random.Random(seed)
    kills = 0
    for _ in range(8):
        process = multiprocessing.get_context("fork").Process(target=evaluate, args=(tmp_path, model))
        process.start()
        process.join(draw.uniform(0.1, 0.5) * seconds)
        if process.exitcode is not None:
            break
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        kills += 1
    run_to_its_end(tmp_path, model)
    assert kills > 0
    found = records(tmp_path)
    pd.testing.assert_frame_equal(found, expected)
    assert not found.duplicated(["domain", "item_id", "sample"]).any()
    assert len(found) == len(DOMAINS) * ITEMS * SAMPLES


@pytest.mark.parametrize("tail", [b'{"place": 3, "prom', b"\x00\xff\n", b"[1]\n", b'{"place": 99}\n'])
def test_a_torn_or_foreign_line_is_answered_again(
    tail: bytes, model: Path, undisturbed: tuple[pd.DataFrame, float], tmp_path: Path
) -> None:
    evaluate(tmp_path, model)
    journal = tmp_path / "logic" / "scratch" / "answers.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == ITEMS
    journal.write_bytes(b"".join(lines[:17]) + tail + b"".join(lines[17:20]))
    (tmp_path / "logic" / "work" / "records.parquet").write_bytes(b"PAR1 torn")
    evaluate(tmp_path, model)
    pd.testing.assert_frame_equal(records(tmp_path), undisturbed[0])
    resumed = [summary["resumed_items"] for summary in json.loads((tmp_path / "through.json").read_text())]
    assert resumed == [17, ITEMS]


def test_progress_begins_with_the_items_at_hand(model: Path, tmp_path: Path) -> None:
    """A rate that began with the first new answer would not count the time of its batch."""
    evaluate(tmp_path, model)
    journal = tmp_path / "logic" / "scratch" / "answers.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:17]))
    reporter = Counting()
    evaluate(tmp_path, model, reporter)
    assert reporter.counts == [(done, ITEMS) for done in range(17, ITEMS + 1)] + [(ITEMS, ITEMS)]


def printed(text: str, store: Path) -> Any:
    """Return a command's JSON with the store's path, which lies elsewhere each time, written alike."""
    return json.loads(text.replace(str(store), "STORE"))


@pytest.mark.slow
def test_the_command_killed_with_all_its_processes(model: Path, tmp_path: Path) -> None:
    folder = checkpoint_folder(model, 0)
    arguments = ["eval", folder, "--domains", "logic,math", "--items", "300", "--samples", "4", "--temperature", "1"]
    arguments += ["--max-tokens", "40", "--set", "evaluation.batch_tokens=500", "--json", "--store"]
    expected = printed(xdomain(*arguments, tmp_path / "calm").stdout, tmp_path / "calm")
    draw = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen(
            command(*arguments, tmp_path / "killed"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
        wanted = draw.randint(5, 250)
        while process.poll() is None and answered(tmp_path / "killed") < wanted:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert answered(tmp_path / "killed") > 0
    assert printed(xdomain(*arguments, tmp_path / "killed").stdout, tmp_path / "killed") == expected
    frames = [one_frame(tmp_path / name) for name in ("calm", "killed")]
    pd.testing.assert_frame_equal(*frames)


def answered(store: Path) -> int:
    """Items in the journals of running evaluations."""
    return sum(path.read_bytes().count(b"\n") for path in store.glob("scratch/*/answers.jsonl"))


def one_frame(store: Path) -> pd.DataFrame:
    return read_records(sorted(store.glob("stages/evaluate-*/records.parquet")))


def test_a_truncated_published_file_is_named_and_made_again(model: Path, tmp_path: Path) -> None:
    arguments = [
        "eval",
        checkpoint_folder(model, 0),
        "--domains",
        "logic",
        "--items",
        "5",
        "--json",
        "--store",
        tmp_path,
    ]
    expected = json.loads(xdomain(*arguments).stdout)
    (path,) = tmp_path.glob("stages/evaluate-*/records.parquet")
    path.write_bytes(path.read_bytes()[:-200])
    refused = xdomain(*arguments, code=2).stderr
    assert '"records.parquet" is damaged' in refused.replace("\n", " ")
    assert "Delete this folder" in refused.replace("\n", " ")
    for file in sorted(path.parent.rglob("*"), reverse=True):
        file.unlink()
    path.parent.rmdir()
    assert json.loads(xdomain(*arguments).stdout) == expected
