"""Stages without training steps: what they read, and where they end."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.plan.stage import CheckpointRef, SteplessStage


@pytest.mark.parametrize(
    "text", ["merge(logic, puzzle)", "rollback(logic -> puzzle, to=logic, share=0.1, method=random)"]
)
def test_a_stage_reads_its_inputs_and_the_base_and_ends_at_step_0(text: str) -> None:
    plan = make_plan(grid={}, curricula=[text])
    (found,) = [stage for stage in plan.phase_stages if isinstance(stage, SteplessStage)]
    assert found.made_from == found.inputs
    assert found.checkpoints_read == (*found.inputs, plan.base.end)
    assert found.needs == (*(ref.stage for ref in found.inputs), plan.base.key)
    assert found.needs[-1] == plan.base.key, "the last key leads to the base model"
    assert (found.steps, found.end, found.checkpoints) == (0, CheckpointRef(found.key, 0), (found.end,))
