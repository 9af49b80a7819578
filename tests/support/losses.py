"""Every loss, with the settings that it needs."""

from __future__ import annotations

from typing import Any, get_args

from xdomain.config.training import LossType

LOSSES: tuple[str, ...] = get_args(LossType)


def loss_settings(loss: str) -> dict[str, Any]:
    """Return the fields of `training` for a loss."""
    return {"loss_type": loss, "epsilon_high": 5.0} if loss == "cispo" else {"loss_type": loss}
