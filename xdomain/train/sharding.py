"""Sharded training: each process holds its rows of every weight, gradient and optimizer moment (FSDP2).

accelerate shards the model. This module says how, and does what accelerate leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedType

from xdomain.core.stage import Sharding


def sharding_arguments(sharding: Sharding | None) -> dict[str, Any]:
    """Return the fields of TRL's configuration that shard a stage; {} without sharding."""
    if sharding is None:
        return {}
    config = {
        "version": 2,
        "state_dict_type": "SHARDED_STATE_DICT",
        "reshard_after_forward": sharding.reshard_after_forward,
        "cpu_offload": sharding.cpu_offload,
    }
    if sharding.layers:
        config["transformer_layer_cls_to_wrap"] = list(sharding.layers)
    # Without a reduction in every backward pass each process would hold a whole gradient until the step's last one.
    return {
        "fsdp": True,
        "fsdp_config": config,
        "accelerator_config": {"gradient_accumulation_kwargs": {"sync_each_batch": True}},
    }


def shard_on_cpu(settings: Mapping[str, Any]) -> None:
    """Turn FSDP on for CPU processes, since accelerate 1.15 does so for GPU backends only.

    Args:
        settings: Arguments of the Accelerator that the trainer is about to make.
    """
    state = Accelerator(**settings).state  # all accelerators of a process share it
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.distributed_type = PartialState().distributed_type = DistributedType.FSDP
        state.fsdp_plugin = settings["fsdp_plugin"]
