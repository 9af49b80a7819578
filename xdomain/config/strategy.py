"""Parameters of training strategies for mixed phases; torch-free, so that a plan can check them."""

from __future__ import annotations

from typing import Literal

from xdomain.config.model_base import ConfigModel


class JointConfig(ConfigModel):
    """The sum of the domains' losses: TRL's own step."""

    name: Literal["joint"] = "joint"


StrategyConfig = JointConfig
