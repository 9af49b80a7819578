"""The reference model that a KL penalty is measured from."""

from __future__ import annotations

from typing import Any

from trl.trainer.utils import add_fused_lm_head

from xdomain.train.log_probabilities import align_log_probabilities
from xdomain.train.sharding import shard_reference


def prepared_reference(trainer: Any, model: Any) -> Any:
    """Return `model` as TRL treats its own reference: it asks both models for log-probabilities through one patch.

    Args:
        trainer: The GRPOTrainer, whose processes share a sharded reference as they share the trained model.
        model: Plain model, on the CPU.
    """
    add_fused_lm_head(
        model,
        temperature=trainer.temperature,
        cast_lm_head_to_fp32=trainer.args.cast_lm_head_to_fp32,
    )
    align_log_probabilities(model, trainer.temperature)
    if trainer.is_fsdp_enabled:
        return shard_reference(model, trainer.accelerator)
    return trainer.accelerator.prepare_model(model, evaluation_mode=True)
