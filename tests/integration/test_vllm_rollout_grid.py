"""A grid of two domains trained with vLLM rollouts: to its report, and again with a worker killed in a stage."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.small_grid import command, environment, weights, xdomain
from xdomain.core.files import read_json
from xdomain.train.callbacks import read_metrics
from xdomain.train.engine_gap import GAP

pytest.importorskip("vllm", reason="vLLM has an environment of its own: make test-vllm")

SHIPPED = Path(__file__).parents[2] / "experiments" / "vllm-rollouts.yaml"
SMALL = [
    word
    for setting in ("model.warmup.steps=60", "training.steps=12", "checkpoints.every_steps=4", "evaluation.items=40")
    for word in ("--set", setting)
]
"""The shipped experiment, smaller."""
STAGES = 5
"""(logic), (puzzle), a second phase of each order, and the mixture."""
WAIT_SECONDS = 240


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("grid") / "store"
    xdomain("grid", "run", SHIPPED, *SMALL, "--store", store)
    return store


def test_every_rollout_was_drawn_by_vllm_from_the_trained_policy(finished: Path) -> None:
    stages = sorted((finished / "stages").glob("train-*"))
    assert len(stages) == STAGES
    for stage in stages:
        gaps = [line[GAP]["mean"] for line in read_metrics(stage / "metrics.jsonl")]
        assert len(gaps) == 12
        assert all(0 < gap < 1e-5 for gap in gaps)
        summary = read_json(stage / "done.json")["summary"]
        assert summary["gap_alarms"] == []
        assert summary["completion_tokens"] > 0


def test_the_report_compares_orders_and_the_mixture(finished: Path, tmp_path: Path) -> None:
    options = ("--out", tmp_path, "--format", "markdown")
    xdomain("report", SHIPPED, *SMALL, "--store", finished, *options)
    text = (tmp_path / "report.md").read_text().replace("\\", "")  # Markdown's escapes
    assert all(row in text for row in ("logic -> puzzle", "puzzle -> logic", "logic + puzzle"))
    assert "Alarm" not in text


def test_a_limit_below_rounding_is_an_alarm_in_the_run_and_the_report(finished: Path, tmp_path: Path) -> None:
    """The limit is no part of a stage's key, so only a stage that is not in the store yet is trained with it."""
    store = base_alone(finished, tmp_path / "store")
    options = (*SMALL, "--set", "grid={}", "--set", "curricula=[logic]", "--set", "training.vllm.largest_gap=1e-9")
    ended = xdomain("grid", "run", SHIPPED, *options, "--store", store)
    assert "in 12 of 12 rollouts" in " ".join(ended.stderr.split())
    (log,) = (store / "logs").glob("train-*")
    assert log.read_text().count('"event": "alarm"') == 12
    xdomain("report", SHIPPED, *options, "--store", store, "--out", tmp_path, "--format", "markdown")
    assert "Alarm in the training of" in (tmp_path / "report.md").read_text()


def base_alone(store: Path, target: Path) -> Path:
    (target / "stages").mkdir(parents=True)
    shutil.copy(store / "store.json", target)
    for folder in (store / "stages").glob("base-*"):
        shutil.copytree(folder, target / "stages" / folder.name)
    return target


def test_a_killed_worker_leaves_no_trace_in_the_weights(finished: Path, tmp_path: Path) -> None:
    store = base_alone(finished, tmp_path / "store")
    line = command("grid", "run", SHIPPED, *SMALL, "--store", store)
    running = subprocess.Popen(line, env=environment(), stderr=subprocess.PIPE, text=True)
    stage = stage_with_a_state(store, running)
    os.kill(read_json(store / "leases" / f"{stage}.json")["pid"], signal.SIGKILL)
    _, errors = running.communicate(timeout=WAIT_SECONDS)
    assert running.returncode == 0, errors
    assert (store / "attempts" / f"{stage}.jsonl").read_text().count("killed") == 1
    assert weights(store) == weights(finished)


def stage_with_a_state(store: Path, running: subprocess.Popen[str]) -> str:
    """Wait until a training stage has a state that it can continue from, and return the name of its folder."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        for mark in (store / "scratch").glob("train-*/checkpoint-*/complete"):
            name = mark.parents[1].name  # of the stage, with its holder's token
            for lease in (store / "leases").glob("train-*.json"):
                if name.startswith(lease.stem):
                    return lease.stem
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)
