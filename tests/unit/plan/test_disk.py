"""Bytes on disk: what a stage publishes, keeps, and needs while it runs."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.plan.disk import stage_disk
from xdomain.plan.graph import Plan
from xdomain.plan.model_shape import shape_of

SHAPE = shape_of(json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())["preset:tiny_qwen3"])
assert SHAPE is not None
WEIGHTS = 4 * SHAPE.parameters


def disks(plan: Plan, shape: Any = SHAPE) -> dict[str, Any]:
    parents = {stage.parent.stage for stage in plan.train_stages}
    return {
        stage.title: stage_disk(stage, plan.experiment, shape, 1000, continued=key in parents)
        for key, stage in plan.stages.items()
    }


@pytest.mark.parametrize(("keep", "alone", "continued"), [("all", 2, 2), ("ends", 1, 1), ("none", 0, 0)])
def test_full_weights_are_stored_by_keep(keep: str, alone: int, continued: int) -> None:
    found = disks(make_plan(checkpoints={"every_steps": 5, "keep": keep}))
    assert found["base tiny_qwen3"].checkpoints == found["base tiny_qwen3"].after_gc == WEIGHTS
    assert found["logic -> puzzle, seed 0"].checkpoints == 2 * WEIGHTS
    assert found["logic -> puzzle, seed 0"].after_gc == alone * WEIGHTS
    assert found["logic, seed 0"].after_gc == continued * WEIGHTS
    assert found["logic, seed 0"].resume == 3 * WEIGHTS  # one state: weights and two moments
    assert found["base on logic"].checkpoints == 0
    assert found["base on logic"].records == 4000 + 100 * 10


def test_adapters_are_small_and_stay_below_what_lies_on_them() -> None:
    model = {"preset": "tiny_qwen3", "lora": {"r": 4}}
    found = disks(make_plan(model=model, checkpoints={"keep": "none"}))
    assert 0 < found["logic, seed 0"].checkpoints < WEIGHTS / 4
    assert found["logic, seed 0"].after_gc == found["logic, seed 0"].checkpoints
    assert found["logic -> puzzle, seed 0"].after_gc == 0


def test_without_a_shape_the_records_are_still_known() -> None:
    found = disks(make_plan(), None)["logic, seed 0"]
    assert (found.checkpoints, found.after_gc, found.resume) == (None, None, None)
    assert found.records > 0


def test_what_a_command_needs_to_resume_is_not_known() -> None:
    engine = {"command": ["train"], "version": "1"}
    found = disks(make_plan(training={"steps": 10, "engine": engine}), SHAPE)["logic, seed 0"]
    assert found.resume is None
    assert found.checkpoints
