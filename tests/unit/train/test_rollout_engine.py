"""Arguments of the engine that TRL starts. Its work is tested in tests/integration/test_vllm_rollouts.py."""

from __future__ import annotations

import copy
import socket

import pytest
import torch
from peft import LoraConfig, get_peft_model

from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.rollout_engine import adapted_weights, engine_arguments, free_port

GIVEN = {"model": "folder", "seed": 1, "max_num_batched_tokens": 4096, "logprobs_mode": "processed_logprobs"}


def test_a_gpu_engine_gets_the_weights_precision_and_keeps_what_trl_gives() -> None:
    found = engine_arguments(GIVEN, RolloutEngineConfig(), "bfloat16", "cuda")
    assert found == GIVEN | {"dtype": "bfloat16", "enforce_eager": False, "generation_config": "vllm"}


def test_settings_come_before_what_trl_gives() -> None:
    settings = RolloutEngineConfig(
        dtype="float16", enforce_eager=True, arguments={"max_num_batched_tokens": 9, "block_size": 32}
    )
    found = engine_arguments(GIVEN, settings, "float32", "cuda")
    assert (found["dtype"], found["enforce_eager"], found["max_num_batched_tokens"], found["block_size"]) == (
        "float16", True, 9, 32,
    )  # fmt: skip


def test_a_cpu_engine_reads_prompts_whole_and_compiles_nothing() -> None:
    found = engine_arguments(GIVEN, RolloutEngineConfig(), "float32", "cpu")
    assert found["enforce_eager"] is True
    assert found["enable_chunked_prefill"] is False
    assert "max_num_batched_tokens" not in found


def test_a_port_that_was_chosen_can_be_listened_on() -> None:
    with socket.socket() as listener:
        listener.bind(("localhost", free_port()))
        listener.listen()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_adapted_weights_are_those_of_the_merged_model_which_stays_as_it_was(dtype: torch.dtype) -> None:
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(tiny_qwen3()[0].to(dtype), config)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = dict(adapted_weights(model, torch.device("cpu")))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    merged = dict(copy.deepcopy(model).merge_and_unload().named_parameters())
    assert found.keys() == merged.keys()
    assert all(torch.equal(value, merged[name]) for name, value in found.items())
    changed = [name for name, value in found.items() if name.endswith("q_proj.weight")]
    assert changed
    for name in changed:
        frozen = before[f"base_model.model.{name.removesuffix('.weight')}.base_layer.weight"]
        assert not torch.equal(found[name], frozen)
