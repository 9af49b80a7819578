"""A stage's design follows from its own length and rollouts."""

from __future__ import annotations

import pytest

from xdomain.config.training import TrainingConfig
from xdomain.core.errors import PlanError
from xdomain.plan.alarms.planned import stage_alarms


def test_the_budget_is_a_share_of_the_stages_own_completions() -> None:
    training = TrainingConfig(
        steps=40, prompts_per_step=64, generations=8, updates_per_rollout=4, alarms={"budget": 0.1}
    )
    long, short = (stage_alarms(training, steps, {"math": None}) for steps in (40, 20))
    assert (long.budget, short.budget) == (2048, 1024)
    assert all(step % 4 == 0 for step in (*long.looks, *short.looks))
    with pytest.raises(PlanError, match="budget"):
        stage_alarms(training.model_copy(update={"generations": 2, "prompts_per_step": 4}), 4, {"math": None})


def test_epochs_over_a_rollout_sample_nothing() -> None:
    twice = TrainingConfig(steps=40, prompts_per_step=64, generations=8, epochs_per_rollout=2, alarms={})
    assert stage_alarms(twice, 40, {"math": 300}).budget == 40 * 64 * 8 // 2 // 20
