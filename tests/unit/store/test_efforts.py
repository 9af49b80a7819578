"""Amounts that published stages spent."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.plan.measurement import UNRECORDED, Effort
from xdomain.plan.stage import MergeStage, TrainStage
from xdomain.store.efforts import stage_efforts

SUMMARY = {"steps": 10, "prompts": 40, "completion_tokens": 500, "informative_groups": 30, "training_seconds": 9.0}


def test_only_the_end_of_a_stage_knows_its_tokens() -> None:
    plan = make_plan(grid={"singles": True}, checkpoints={"every_steps": 4})
    stage = next(stage for stage in plan.phase_stages if isinstance(stage, TrainStage))
    found = stage_efforts(stage, SUMMARY, plan.experiment)
    assert [ref.step for ref in found] == [4, 8, 10]
    assert found[stage.end] == Effort(10, 40, 500, 30, 9.0, None)
    assert found[stage.checkpoints[0]].prompts == 16
    assert found[stage.checkpoints[0]].completion_tokens is None


def test_a_distillation_has_tokens_that_were_taught() -> None:
    plan = make_plan(grid={}, curricula=["distill(logic, puzzle)"])
    student = plan.train_stages[-1]
    summary = SUMMARY | {"informative_groups": None, "taught_tokens": 1000, "teacher_passes": 80}
    assert stage_efforts(student, summary, plan.experiment) == {
        student.end: Effort(10, 40, 500, None, 9.0, None, taught_tokens=1000, teacher_passes=80)
    }


def test_a_merge_spends_time_only() -> None:
    plan = make_plan(grid={}, curricula=["merge(logic, puzzle)"])
    (merge,) = (stage for stage in plan.phase_stages if isinstance(stage, MergeStage))
    assert stage_efforts(merge, {"seconds": 2.0}, plan.experiment) == {merge.end: Effort(seconds=2.0)}
    assert UNRECORDED.taught_tokens is None
