"""Bytes that an optimizer keeps per trained parameter."""

from __future__ import annotations

STATES: dict[str, tuple[float, float | None]] = {
    **dict.fromkeys(
        ("adamw_torch", "adamw_torch_fused", "adamw_torch_xla", "adamw_torch_npu_fused", "stable_adamw"), (2, None)
    ),
    "adamw_anyprecision": (2, 4),
    "adamw_torch_4bit": (2, 0.5),
    **dict.fromkeys(("adamw_torch_8bit", "adamw_bnb_8bit", "adamw_8bit", "paged_adamw_8bit"), (2, 1)),
    "paged_adamw_32bit": (2, 4),
    "ademamix": (3, 4),
    "paged_ademamix_32bit": (3, 4),
    **dict.fromkeys(("ademamix_8bit", "paged_ademamix_8bit"), (3, 1)),
    **dict.fromkeys(("lion_32bit", "paged_lion_32bit"), (1, 4)),
    **dict.fromkeys(("lion_8bit", "paged_lion_8bit"), (1, 1)),
    "adagrad": (1, None),
    "rmsprop": (1, None),
    **dict.fromkeys(("rmsprop_bnb", "rmsprop_bnb_32bit"), (1, 4)),
    "rmsprop_bnb_8bit": (1, 1),
    "sgd": (0, None),
    "grokadamw": (3, None),
    **dict.fromkeys(("schedule_free_adamw", "schedule_free_radam"), (2, None)),
    "schedule_free_sgd": (1, None),
}
"""Values per parameter, and bytes of each; None means the parameter's own width.

The state of other optimizers depends on the shapes of matrices.
"""


def optimizer_bytes(optimizer: str, parameters: int, width: int) -> int | None:
    """Return the bytes of an optimizer's state; None if the state is not a multiple of the parameters.

    Args:
        optimizer: Name of the optimizer in transformers.
        parameters: Number of trained parameters.
        width: Bytes per trained parameter.
    """
    if optimizer not in STATES:
        return None
    states, each = STATES[optimizer]
    return round(parameters * states * (width if each is None else each))
