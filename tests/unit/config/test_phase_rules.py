"""Rules between a phase's training settings, its processes and its checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.evaluation import CheckpointsConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.phase_rules import check_phase_rules
from xdomain.config.training import TrainingConfig


@pytest.mark.parametrize(
    ("training", "processes", "every", "message"),
    [
        ({"prompts_per_step": 1, "generations": 2}, 4, None, "so some would have none"),
        ({"prompts_per_step": 3, "generations": 2}, 4, None, "should be divisible by train_processes x micro_batch"),
        ({"rollout_draws": "stream"}, 2, None, "above 1 it needs `training.rollout_draws: place`"),
        ({"steps": 7, "updates_per_rollout": 2}, 1, None, "training.steps should be a multiple"),
        ({"steps": 8, "updates_per_rollout": 2}, 1, 3, "a rollout in use cannot be saved. Found 3."),
    ],
)
def test_a_broken_rule_is_named(training: dict[str, Any], processes: int, every: int | None, message: str) -> None:
    settings = TrainingConfig.model_validate({"rollout_draws": "place"} | training)
    execution = ExecutionConfig(train_processes=processes)
    with pytest.raises(ValueError, match=message):
        check_phase_rules(settings, execution, CheckpointsConfig(every_steps=every))


def test_settings_that_go_together_pass() -> None:
    settings = TrainingConfig(steps=8, updates_per_rollout=2, rollout_draws="place")
    check_phase_rules(settings, ExecutionConfig(train_processes=4), CheckpointsConfig(every_steps=4))
