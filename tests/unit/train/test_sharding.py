"""How a stage is sharded; tests/invariant/test_sharded_training.py compares what it trains."""

from __future__ import annotations

import pytest
import torch
from accelerate import DistributedDataParallelKwargs, FullyShardedDataParallelPlugin
from accelerate.utils import AutocastKwargs
from torch.distributed.fsdp import MixedPrecisionPolicy

from xdomain.core.errors import ConfigError
from xdomain.core.stage import Sharding
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.sharding import as_one_process, give_back, in_step, is_sharded, sharding_arguments, with_layers


def test_a_stage_that_is_not_sharded_gets_no_arguments() -> None:
    assert sharding_arguments(None) == {}
    assert with_layers(None, torch.nn.Linear(1, 1)) is None
    settings = {"mixed_precision": "no"}
    assert as_one_process(settings, on_cpu=True) is settings


def test_weights_are_gathered_in_float32_under_mixed_precision() -> None:
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2)
    settings = {"fsdp_plugin": plugin, "mixed_precision": "bf16", "kwargs_handlers": [DistributedDataParallelKwargs()]}
    found = as_one_process(settings, on_cpu=False)
    plugin.set_mixed_precision("bf16")  # as accelerate does on a GPU
    assert plugin.mixed_precision_policy == MixedPrecisionPolicy()
    assert [type(each) for each in found["kwargs_handlers"]] == [DistributedDataParallelKwargs, AutocastKwargs]
    assert not found["kwargs_handlers"][1].cache_enabled


def test_passes_of_a_whole_model_wait_for_nobody() -> None:
    model = torch.nn.Linear(1, 1)
    with in_step(model, torch.device("cpu")):
        assert not model._forward_pre_hooks


def test_options_reach_the_trainer() -> None:
    found = sharding_arguments(Sharding(cpu_offload=True, reshard_after_forward=False, layers=("Layer",)))
    assert found["fsdp"] is True
    assert found["fsdp_config"] == {
        "version": 2,
        "state_dict_type": "SHARDED_STATE_DICT",
        "reshard_after_forward": False,
        "cpu_offload": True,
        "transformer_layer_cls_to_wrap": ["Layer"],
    }


def test_a_models_own_layers_are_gathered_one_at_a_time() -> None:
    found = with_layers(Sharding(), tiny_qwen3()[0])
    assert found is not None
    assert found.layers == ("Qwen3DecoderLayer",)
    given = with_layers(Sharding(layers=("Qwen3MLP",)), tiny_qwen3()[0])
    assert given is not None
    assert given.layers == ("Qwen3MLP",)


def test_a_layer_class_that_the_model_has_not_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match='Qwen3ForCausalLM has no layer of the class "LlamaDecoderLayer"') as refused:
        with_layers(Sharding(layers=("LlamaDecoderLayer",)), tiny_qwen3()[0])
    assert refused.value.where == "execution.fsdp.layers"
    assert "[Qwen3DecoderLayer]" in str(refused.value.fix)
    with pytest.raises(ConfigError, match="Linear names no layer class"):
        with_layers(Sharding(), torch.nn.Linear(1, 1))


def test_a_whole_model_is_left_alone() -> None:
    model = torch.nn.Linear(1, 1)
    give_back(model)
    assert not is_sharded(model)
