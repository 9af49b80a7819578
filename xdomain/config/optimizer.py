"""Names of the optimizers of transformers, so that a plan can check one without torch. A test compares the lists."""

from __future__ import annotations

OPTIMIZERS = (
    "adamw_torch", "adamw_torch_fused", "adamw_torch_xla", "adamw_torch_npu_fused", "adafactor", "adamw_anyprecision",
    "adamw_torch_4bit", "adamw_torch_8bit", "ademamix", "sgd", "adagrad", "adamw_bnb_8bit", "adamw_8bit",
    "ademamix_8bit", "lion_8bit", "lion_32bit", "paged_adamw_32bit", "paged_adamw_8bit", "paged_ademamix_32bit",
    "paged_ademamix_8bit", "paged_lion_32bit", "paged_lion_8bit", "rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit",
    "rmsprop_bnb_32bit", "galore_adamw", "galore_adamw_8bit", "galore_adafactor", "galore_adamw_layerwise",
    "galore_adamw_8bit_layerwise", "galore_adafactor_layerwise", "lomo", "adalomo", "grokadamw", "schedule_free_radam",
    "schedule_free_adamw", "schedule_free_sgd", "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw",
)  # fmt: skip


def steps_inside_backward(optimizer: str) -> bool:
    """Return whether every backward pass updates the parameters, so that no gradient can be had without a step."""
    return optimizer.endswith("_layerwise") or optimizer in ("lomo", "adalomo")


LOOK_AHEAD_OPTIMIZERS = ("adamw_torch", "adamw_torch_fused")
"""Optimizers whose second moments have torch's layout, which `strategies.inner_steps.look_ahead` requires."""
