"""Settings of GRPO training that contradict each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.training import TrainingConfig


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": "adam"}, 'unknown optimizer "adam"'),
        ({"prompts_per_step": 3, "generations": 3, "micro_batch": 2}, "= 9. Found 2"),
        ({"rollout": "vllm-colocate", "rollout_draws": "place"}, "vllm-colocate always draws so"),
        ({"rollout": "vllm-server", "rollout_draws": "place"}, "a vLLM server makes its own draws"),
        ({"rollout": "batched", "rollout_draws": "place"}, "batched always draws so"),
        ({"rollout": "batched", "grpo": {"top_k": 5}}, "needs another training.rollout than batched"),
        ({"rollout": "batched", "grpo": {"cache_implementation": "static"}}, "needs training.rollout: transformers"),
        ({"warmup_ratio": 0.1}, "has no effect with `lr_schedule: constant`"),
        ({"loss_type": "cispo"}, "cispo` needs `epsilon_high` of at least 1"),
        ({"loss_type": "cispo", "epsilon_high": 0.28}, "cispo` needs `epsilon_high` of at least 1"),
        ({"generations": 1}, "generations"),
        ({"self_paced": {"samples": 1}}, "samples"),
        ({"keep_rollouts": {"prompts_per_step": 0}}, "prompts_per_step"),
    ],
)
def test_mistakes(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TrainingConfig.model_validate(settings)


def test_a_rollout_serves_updates_times_epochs() -> None:
    assert TrainingConfig(updates_per_rollout=4, epochs_per_rollout=3).rollout_period == 12
