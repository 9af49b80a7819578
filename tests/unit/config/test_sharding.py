"""Sharded stages: what cannot work is refused at plan time."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment, make_plan

PLACED = {"steps": 10, "prompts_per_step": 4, "generations": 2, "rollout_draws": "place"}
SHARDED = {"train_processes": 2, "sharding": "fsdp"}


@pytest.mark.parametrize(
    ("training", "execution", "words"),
    [
        ({}, {"sharding": "fsdp"}, "train_processes is 1"),
        ({}, {"train_processes": 16, "sharding": "fsdp"}, "16 processes share a step of .* 8 completions"),
        ({}, {"fsdp": {"cpu_offload": True}}, "does nothing without `execution.sharding: fsdp`"),
        ({}, SHARDED | {"fsdp": {"layers": ["Qwen3.DecoderLayer"]}}, 'Found "Qwen3.DecoderLayer"'),
        (
            {"rollout": "vllm-server", "rollout_draws": "stream"},
            SHARDED | {"device": "cuda"},
            "was not tried with `training.rollout",
        ),
        ({"optimizer": "adafactor"}, SHARDED, "was not tried with `training.optimizer: adafactor`"),
        ({"alarms": {}}, SHARDED, "does not support `training.alarms` yet"),
        ({"engine": {"command": ["trainer"], "version": "1"}}, SHARDED, "training.engine runs a command"),
        ({}, SHARDED | {"sharding": "deepspeed"}, "fsdp"),
    ],
)
def test_what_cannot_work_is_refused(training: dict[str, Any], execution: dict[str, Any], words: str) -> None:
    settings = {"steps": 10} if "engine" in training else PLACED
    with pytest.raises(ValidationError, match=words):
        make_experiment(training=settings | training, execution=execution)


def test_mixed_precision_needs_weights_in_float32_or_adapters() -> None:
    mixed = PLACED | {"bf16": True}
    half = {"hub": "Qwen/Qwen3-4B", "dtype": "bfloat16"}
    with pytest.raises(ValidationError, match="would train float32 copies of bfloat16 weights"):
        make_experiment(training=mixed, execution=SHARDED, model=half)
    for model in ({**half, "dtype": "float32"}, half | {"lora": {"r": 8}}):
        assert make_experiment(training=mixed, execution=SHARDED, model=model).training.bf16


@pytest.mark.parametrize("rollout", ["transformers", "batched", "vllm-colocate"])
def test_rollouts_of_this_process_can_be_sharded(rollout: str) -> None:
    draws = {"rollout_draws": "place"} if rollout == "transformers" else {}
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "rollout": rollout, **draws}
    assert make_experiment(training=training, execution=SHARDED).training.rollout == rollout


def test_what_can_work_is_accepted() -> None:
    options = {"cpu_offload": True, "reshard_after_forward": False, "layers": ["Qwen3DecoderLayer"]}
    assert make_experiment(training=PLACED, execution=SHARDED | {"fsdp": options}).execution.fsdp.cpu_offload


def test_sharding_is_no_part_of_a_key() -> None:
    plain, sharded = (make_plan(training=PLACED, execution=execution) for execution in ({}, SHARDED))
    assert list(plain.stages) == list(sharded.stages)
