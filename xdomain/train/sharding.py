"""Sharded training: each process holds its rows of every weight, gradient and optimizer moment (FSDP2).

accelerate shards the model. This module says how, and does what accelerate leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import AutocastKwargs, DistributedType
from accelerate.utils.fsdp_utils import fsdp2_prepare_model
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy

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


def as_one_process(settings: dict[str, Any], *, on_cpu: bool) -> dict[str, Any]:
    """Make sharded processes compute what one process computes, and shard on a CPU too.

    Under `bf16`, accelerate would gather bfloat16 weights, so that embeddings, norms and the residual stream would be
    rounded too. Here float32 weights are gathered, and autocast casts the inputs of each matrix product, as it does in
    one process. It keeps no copies of weights during a forward pass, which together would be a whole model.

    Args:
        settings: Arguments of the Accelerator that the trainer is about to make.
        on_cpu: Whether to turn FSDP on for CPU processes. accelerate 1.15 does so for GPU backends only.

    Returns:
        The arguments to use.
    """
    plugin = settings.get("fsdp_plugin")
    if plugin is None:
        return settings
    plugin.mixed_precision_policy = MixedPrecisionPolicy()
    uncached = [*settings.get("kwargs_handlers", ()), AutocastKwargs(cache_enabled=False)]
    settings = {**settings, "kwargs_handlers": uncached}
    if on_cpu:
        state = Accelerator(**settings).state  # all accelerators of a process share it
        state.distributed_type = PartialState().distributed_type = DistributedType.FSDP
        state.fsdp_plugin = plugin
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
    """Return a model that only makes forward passes, sharded layer by layer and as precise as the trained one."""
    model.requires_grad_(False).eval()
    return fsdp2_prepare_model(accelerator, accelerator.prepare_model(model, evaluation_mode=True))


def generate_together(trainer: Any) -> None:
    """Make `generate` go on in every process until the last one is done, since each token gathers weights from all.

    transformers does so for models that it sharded itself. It asks the plain model, also for one with adapters.
    """
    for module in trainer.model.modules() if trainer.is_fsdp_enabled else ():
        if hasattr(module, "generation_config"):
            module._is_fsdp_managed_module = True


@contextmanager
def in_step(model: Any, device: torch.device) -> Iterator[None]:
    """Let all processes make as many forward passes of a sharded model as the one that makes most.

    Before each pass, the processes tell each other that they go on. One that has left the block makes passes without
    effect until the others have left it too. Nothing happens for a model that is not sharded.

    Args:
        model: Model whose forward passes gather weights from all processes.
        device: Device of the processes' messages.
    """
    if not is_sharded(model):
        yield
        return

    def going(passes: int) -> bool:
        count = torch.tensor(passes, device=device)
        torch.distributed.all_reduce(count)
        return bool(count > 0)

    hook = model.register_forward_pre_hook(lambda *_: going(1) and None, prepend=True)
    try:
        yield
    finally:
        hook.remove()
    with torch.no_grad():
        while going(0):
            model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=device), use_cache=False)
