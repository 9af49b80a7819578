"""Completions and tokens of stages."""

from __future__ import annotations

from dataclasses import replace

from tests.support.plans import make_plan
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.tokens import completions_of, lengths, longest_completion

SHAPE = ModelShape("llama", 2, 8, 16, 2, 2, 4, 100, tied=True, context=256)


def test_a_stage_generates_its_prompts_times_generations() -> None:
    plan = make_plan(training={"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 30})
    train, evaluation = plan.train_stages[0], plan.evaluations[0]
    assert completions_of(train, plan.experiment) == 10 * 4 * 2
    assert completions_of(evaluation, plan.experiment) == 10
    assert completions_of(evaluation, plan.experiment, items=7) == 7
    assert completions_of(plan.base, plan.experiment) == 0
    assert [longest_completion(stage, plan.experiment) for stage in (train, evaluation, plan.base)] == [30, 30, 0]


def test_epochs_use_prompts_again() -> None:
    plan = make_plan(training={"steps": 10, "prompts_per_step": 4, "generations": 2, "epochs_per_rollout": 2})
    assert completions_of(plan.train_stages[0], plan.experiment) == 10 * 4 * 2 // 2


def test_lengths_fit_the_context() -> None:
    plan = make_plan(training={"max_prompt_tokens": 200})
    assert lengths(plan.experiment, 50, SHAPE).total == 250
    assert lengths(plan.experiment, 100, SHAPE).total == 256
    assert lengths(plan.experiment, 999, SHAPE).completion == 255
    assert lengths(make_plan().experiment, 100, replace(SHAPE, context=None)).total == 612


def test_each_phase_and_domain_counts_with_its_own_settings() -> None:
    overrides = [
        {"where": {"domain": "logic"}, "training": {"generations": 4, "max_completion_tokens": 30}},
        {"where": {"domain": "puzzle"}, "evaluation": {"items": 3, "samples": 2, "temperature": 1.0}},
    ]
    plan = make_plan(overrides=overrides)
    found = {str(stage.curriculum): completions_of(stage, plan.experiment) for stage in plan.train_stages}
    assert found["logic"] == found["puzzle -> logic"] == 10 * 4 * 4
    assert found["puzzle"] == found["logic + puzzle"] == 10 * 4 * 2
    longest = {str(stage.curriculum): longest_completion(stage, plan.experiment) for stage in plan.train_stages}
    assert (longest["logic"], longest["puzzle"]) == (30, 256)
    by_domain = {stage.domain: completions_of(stage, plan.experiment) for stage in plan.evaluations}
    assert by_domain == {"logic": 10, "puzzle": 3 * 2}
    assert {stage.domain: longest_completion(stage, plan.experiment) for stage in plan.evaluations} == {
        "logic": 30,
        "puzzle": 256,
    }
