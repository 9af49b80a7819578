"""Overrides that select nothing, or that break a rule of training or evaluation, are refused with their index."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import PlanError

LINEAR = {"where": {"domain": "logic"}, "training": {"warmup_ratio": 0.1, "lr_schedule": "linear"}}
COSINE = {"where": {"domain": "puzzle"}, "training": {"warmup_ratio": 0.1, "lr_schedule": "cosine"}}
RATE = {"where": {"domain": "logic"}, "training": {"learning_rate": 1e-5}}
PROCESSES = {
    "training": {"rollout_draws": "place", "prompts_per_step": 4, "generations": 2},
    "execution": {"train_processes": 8},
}


def training(where: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"where": where, "training": fields}


REFUSED: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str, str]] = {
    "phase": (
        [training({"phase": 4}, steps=2)],
        {},
        "overrides.0.where",
        "no curriculum has a phase 4; the longest has 2",
    ),
    "kind": (
        [training({"kind": "mixture"}, steps=2)],
        {"grid": {"singles": True}},
        "overrides.0.where",
        "no phase is a mixture",
    ),
    "domain": (
        [training({"domain": "puzzle"}, steps=2)],
        {"grid": {}, "curricula": ["logic"]},
        "overrides.0.where",
        "no curriculum trains puzzle",
    ),
    "both": (
        [RATE, training({"domain": "puzzle", "phase": 2}, steps=2)],
        {"grid": {}, "curricula": ["puzzle -> logic"]},
        "overrides.1.where",
        "no phase has domain puzzle, phase 2",
    ),
    "micro-batch": (
        [RATE, training({"domain": "puzzle"}, micro_batch=3)],
        {},
        "overrides.1",
        '"puzzle": `micro_batch`',
    ),
    "a field that the mixture loses": (
        [LINEAR, COSINE],
        {},
        "overrides.1",
        '"logic + puzzle": `warmup_ratio` has no effect',
    ),
    "rollouts": (
        [training({"domain": "puzzle"}, updates_per_rollout=3)],
        {},
        "overrides.0",
        '"puzzle": training.steps should be a multiple',
    ),
    "steps of a curriculum": (
        [training({"phase": 1}, updates_per_rollout=2)],
        {"grid": {}, "curricula": ["logic@7"]},
        "overrides.0",
        "its 7 steps should be a multiple of updates_per_rollout x epochs_per_rollout = 2",
    ),
    "checkpoints": (
        [training({"phase": 1}, updates_per_rollout=5)],
        {"checkpoints": {"every_steps": 4}},
        "overrides.0",
        "checkpoints.every_steps should be a multiple",
    ),
    "processes": ([RATE, training({"phase": 1}, generations=3)], PROCESSES, "overrides.1", "should be divisible by"),
    "samples": (
        [{"where": {"domain": "puzzle"}, "evaluation": {"samples": 4}}],
        {},
        "overrides.0",
        "Evaluation on puzzle: `samples` above 1 with temperature 0",
    ),
    "a strategy for a single": (
        [{"where": {"domain": "puzzle"}, "strategy": "cgpo"}],
        {},
        "overrides.0.strategy",
        "this entry decides the strategy of none",
    ),
    "a strategy that is replaced everywhere": (
        [{"where": {"kind": "mixture"}, "strategy": "cgpo"}],
        {"strategies": ["famo"]},
        "strategies.0",
        "`overrides` names another strategy for every phase",
    ),
    "too few prompts for a strategy": (
        [{"where": {"kind": "mixture"}, "strategy": "cgpo", "training": {"prompts_per_step": 1}}],
        {},
        "overrides.0.strategy",
        "a step has 1 prompts",
    ),
    "a field that a command does not receive": (
        [training({"domain": "puzzle"}, beta=0.1)],
        {"training": {"engine": {"command": ["train"], "version": "1", "receives": ["learning_rate"]}}},
        "overrides.0.training.beta",
        "the command of training.engine does not receive it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_message_names_the_override(name: str) -> None:
    overrides, changes, where, message = REFUSED[name]
    with pytest.raises(PlanError) as found:
        make_plan(overrides=overrides, **changes)
    assert found.value.where == where
    assert message in found.value.what


def test_a_later_entry_may_repair_an_earlier_one() -> None:
    repaired = training({"kind": "mixture"}, lr_schedule="linear", warmup_ratio=0.2)
    plan = make_plan(overrides=[LINEAR, COSINE, repaired])
    mixed = next(stage for stage in plan.train_stages if stage.phase.is_mixed)
    assert mixed.payload["training"]["warmup_ratio"] == 0.2


def test_steps_that_only_the_curriculum_sets_are_no_fault_of_an_override() -> None:
    assert make_plan(grid={}, curricula=["logic@7"], overrides=[training({"phase": 1}, temperature=0.7)]).train_stages
