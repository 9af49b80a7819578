"""Settings that sharded training stages need, checked without torch: a plan says it, not the first stage."""

from __future__ import annotations

from xdomain.config.execution import ExecutionConfig, FsdpConfig
from xdomain.config.model import ModelConfig
from xdomain.config.training import TrainingConfig

SHARDED_OPTIMIZERS = ("adamw_torch", "adamw_torch_fused", "sgd", "adagrad", "rmsprop")
"""Optimizers that compute each weight by itself and were tested on sharded parameters."""


def check_sharding(training: TrainingConfig, model: ModelConfig, execution: ExecutionConfig) -> None:
    """Compare `execution.sharding` with what it would meet.

    Raises:
        ValueError: there is nothing to share, or sharding would fail or change results by more than rounding.
    """
    if execution.sharding is None:
        if execution.fsdp != FsdpConfig():
            raise ValueError("execution.fsdp: it does nothing without `execution.sharding: fsdp`.")
        return
    if training.engine is not None:
        raise ValueError(
            "execution.sharding: fsdp shares the model of the built-in trainer, and training.engine runs a command. "
            "Remove `sharding`, or shard in the command."
        )
    processes = execution.train_processes
    if processes == 1:
        raise ValueError(
            "execution.sharding: fsdp shares a model among processes, and execution.train_processes is 1. Set it to "
            "the number of GPUs that a stage gets, or remove `sharding`."
        )
    for name in execution.fsdp.layers:
        if not name.isidentifier():
            raise ValueError(
                "execution.fsdp.layers: it should list names of Python classes, for example [Qwen3DecoderLayer]. "
                f'Found "{name}".'
            )
    if training.rollout == "vllm-server":
        raise ValueError(
            "execution.sharding: fsdp was not tried with `training.rollout: vllm-server`. Use another rollout, or "
            "remove `sharding`."
        )
    if training.optimizer not in SHARDED_OPTIMIZERS:
        raise ValueError(
            f"execution.sharding: fsdp was not tried with `training.optimizer: {training.optimizer}`. Choose one of "
            f"{', '.join(SHARDED_OPTIMIZERS)}, or remove `sharding`."
        )
    if training.alarms is not None:
        raise ValueError("execution.sharding: fsdp does not support `training.alarms` yet. Remove one of them.")
    if training.bf16 and model.lora is None and model.dtype != "float32":
        raise ValueError(
            f"execution.sharding: fsdp with `training.bf16` would train float32 copies of {model.dtype} weights, which "
            "one process does not. Set `model.dtype: float32`, or `bf16: false`."
        )
