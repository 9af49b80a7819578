"""Numbers of prompts of phases and steps."""

from __future__ import annotations

from tests.support.plans import make_experiment
from xdomain.config.training import TrainingConfig
from xdomain.plan.prompts import most_prompts_a_step, prompts_consumed


def test_epochs_use_prompts_again() -> None:
    training = TrainingConfig(steps=12, prompts_per_step=16, epochs_per_rollout=3)
    assert prompts_consumed(12, training) == 12 * 16 // 3


def test_the_largest_step_counts_with_the_settings_of_its_phase() -> None:
    assert most_prompts_a_step(make_experiment()) == {"logic": 4, "puzzle": 4}
    overrides = [
        {"where": {"domain": "logic"}, "training": {"prompts_per_step": 3}},
        {"where": {"kind": "mixture"}, "training": {"prompts_per_step": 12}},
    ]
    assert most_prompts_a_step(make_experiment(overrides=overrides)) == {"logic": 6, "puzzle": 6}
    singles = make_experiment(grid={"singles": True}, overrides=overrides[:1])
    assert most_prompts_a_step(singles) == {"logic": 3, "puzzle": 4}
