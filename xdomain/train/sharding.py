"""Sharded training: each process holds its rows of every weight, gradient and optimizer moment (FSDP2).

accelerate shards the model. This module says how, and does what accelerate leaves out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedType
from accelerate.utils.fsdp_utils import fsdp2_prepare_model
from torch.distributed.fsdp import FSDPModule

from xdomain.core.errors import ConfigError
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


def with_layers(sharding: Sharding | None, model: Any) -> Sharding | None:
    """Return `sharding` with the names of the layer classes, the model's own unless some are given.

    Raises:
        ConfigError: the model has no such layers, or names none itself.
    """
    if sharding is None:
        return None
    kinds = {type(module).__name__ for module in model.modules()}
    own = sorted(kinds & set(getattr(model, "_no_split_modules", None) or ()))
    wrong = [name for name in sharding.layers if name not in kinds]
    if wrong or not (own or sharding.layers):
        kind = type(model).__name__
        raise ConfigError(
            f'{kind} has no layer of the class "{wrong[0]}".' if wrong else f"{kind} names no layer class to shard by.",
            where="execution.fsdp.layers",
            fix=f"Write [{', '.join(own)}] or leave it out." if own else "Name the class of its repeated layers.",
        )
    return replace(sharding, layers=sharding.layers or tuple(own))


def shard_on_cpu(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn FSDP on for CPU processes, since accelerate 1.15 does so for GPU backends only.

    Args:
        settings: Arguments of the Accelerator that the trainer is about to make.

    Returns:
        `settings`, unchanged.
    """
    if settings.get("fsdp_plugin") is not None:
        state = Accelerator(**settings).state  # all accelerators of a process share it
        state.distributed_type = PartialState().distributed_type = DistributedType.FSDP
        state.fsdp_plugin = settings["fsdp_plugin"]
    return settings


def is_sharded(model: Any) -> bool:
    """Whether the processes share the model's weights."""
    return isinstance(model, FSDPModule)


def give_back(model: Any) -> None:
    """Drop gathered weights, so that `parameters()` are the shards, and the next forward pass gathers them anew.

    After a forward pass the output layer stays gathered until a backward pass. Without one, its weights would be out of
    date after the next move of the parameters. Nothing happens to a model that is not sharded.
    """
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def shard_reference(model: Any, accelerator: Accelerator) -> Any:
    """Return a model that only makes forward passes, sharded layer by layer like the trained one."""
    model.requires_grad_(False).eval()
    return fsdp2_prepare_model(accelerator, model)


def generate_together(trainer: Any) -> None:
    """Make `generate` go on in every process until the last one is done, since each token gathers weights from all.

    transformers does so for models that it sharded itself. It asks the plain model, also for one with adapters.
    """
    for module in trainer.model.modules() if trainer.is_fsdp_enabled else ():
        if hasattr(module, "generation_config"):
            module._is_fsdp_managed_module = True
