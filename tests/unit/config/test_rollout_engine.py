"""Settings of the engine of vLLM rollouts, and which of them are part of a stage's identity."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment, make_plan
from xdomain.config.rollout_engine import RolloutEngineConfig

COLOCATED = {"rollout": "vllm-colocate"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dtype": "bfloat16"}, "set training.vllm.dtype"),
        ({"max_model_len": 100}, "set training.grpo.vllm_max_model_length"),
        ({"seed": 3}, "`seed` cannot be set"),
        ({"max_num_batched_tokens": float("nan")}, "has no stable identity"),
    ],
)
def test_arguments_that_belong_elsewhere(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RolloutEngineConfig(arguments=arguments)


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"vllm": {"enforce_eager": True}}, 'training.vllm: "enforce_eager" has no effect with rollout "transformers"'),
        ({"vllm": {"largest_gap": 0.2}}, 'training.vllm: "largest_gap" has no effect'),
        ({"rollout": "vllm-server", "vllm": {"dtype": "bfloat16"}}, 'training.vllm: "dtype" has no effect'),
        ({"rollout": "vllm-server", "vllm": {"largest_gap": 0.0}}, "largest_gap"),
    ],
)
def test_settings_without_effect(training: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(training=training, execution={"device": "cuda"})


def test_a_server_is_watched_too() -> None:
    make_experiment(training={"rollout": "vllm-server", "vllm": {"largest_gap": 0.2}}, execution={"device": "cuda"})


def keys(**training: Any) -> list[str]:
    return list(make_plan(training={"steps": 10} | COLOCATED | training).stages)


def test_identity_holds_what_changes_samples() -> None:
    plain = keys()
    assert keys(vllm={"enforce_eager": True, "largest_gap": 0.5}) == plain
    assert keys(vllm={"dtype": "bfloat16"}) != plain
    assert keys(vllm={"arguments": {"kv_cache_dtype": "fp8"}}) != plain
    assert len(plain) == len(keys(vllm={"dtype": "bfloat16"}))
