"""What happens between steps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.stage_runs import Stages
from xdomain.train.callbacks import KEPT, StageCallback, read_metrics, truncate_lines
from xdomain.train.engine_gap import GapWatch


def callback(
    folder: Path, *, stop: bool = False, rollout: dict[str, Any] | None = None
) -> tuple[StageCallback, list[int]]:
    kept: list[int] = []
    context = replace(Stages(folder).context("a"), stop_requested=lambda: stop)
    watch = GapWatch(0.1, context.reporter)
    made = StageCallback(context, frozenset({4}), frozenset({2}), 2, lambda: dict(rollout or {}), kept.append, watch)
    return made, kept


def after(made: StageCallback, step: int) -> Any:
    control = SimpleNamespace(should_training_stop=False, should_save=False)
    made.on_step_begin(None, None, None)
    made.on_step_end(None, SimpleNamespace(global_step=step, max_steps=8), control)
    return control


def test_checkpoints_are_kept_and_states_saved_at_their_steps(tmp_path: Path) -> None:
    made, kept = callback(tmp_path)
    saved = [step for step in range(1, 9) if after(made, step).should_save]
    assert (kept, saved) == ([4], [2])


@pytest.mark.parametrize(("step", "stops"), [(3, False), (4, True), (8, False)])
def test_an_order_to_stop_waits_for_the_end_of_a_rollout(tmp_path: Path, step: int, stops: bool) -> None:
    made, _ = callback(tmp_path, stop=True)
    control = after(made, step)
    assert (control.should_training_stop, control.should_save, made.stopped) == (stops, stops, stops)


def test_metrics_are_finite_lines_and_samples_have_a_file(tmp_path: Path) -> None:
    rollout = {"domains": {"math": {"reward": 0.5}}, KEPT: [{"item_id": "i"}]}
    made, _ = callback(tmp_path, rollout=rollout)
    after(made, 1)
    made.on_log(None, SimpleNamespace(global_step=1, max_steps=8), None, {"loss": float("nan"), "kl": 0.1})
    made.on_log(None, SimpleNamespace(global_step=8, max_steps=8), None, {"train_runtime": 3.0})
    (line,) = read_metrics(made.metrics_path)
    assert (line["step"], line["loss"], line["kl"], line["domains"]["math"]["reward"]) == (1, None, 0.1, 0.5)
    assert line["seconds"] >= 0
    assert json.loads(made.rollouts_path.read_text()) == {"step": 1, "item_id": "i"}
    assert KEPT not in line


def test_a_resumed_stage_writes_later_lines_again(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    truncate_lines(path, 3)
    assert read_metrics(path) == []
    path.write_text("".join(json.dumps({"step": step}) + "\n" for step in range(1, 6)) + '{"step": 6')
    truncate_lines(path, 3)
    assert [line["step"] for line in read_metrics(path)] == [1, 2, 3]
