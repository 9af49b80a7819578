"""Pass rates of the base model order self-paced phases."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.plan.stage import EvaluateStage, Purpose

TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2, "temperature": 0.7, "max_completion_tokens": 33}


def pass_rates(**changes: object) -> list[EvaluateStage]:
    plan = make_plan(training=TRAINING | changes, grid={"singles": True}, curricula=["logic -> puzzle"])
    return [
        stage
        for stage in plan.stages.values()
        if isinstance(stage, EvaluateStage) and stage.purpose is Purpose.PASS_RATE
    ]


def test_one_stage_per_trained_domain_sampled_as_rollouts_are() -> None:
    found = pass_rates(self_paced={"items": 6, "samples": 3})
    assert [stage.domain for stage in found] == ["logic", "puzzle"]
    settings = found[0].settings
    assert (settings.items, settings.samples, settings.temperature) == (6, 3, 0.7)
    assert settings.max_completion_tokens == 33


def test_none_without_a_self_paced_phase() -> None:
    assert pass_rates() == []
