"""Parameters of training strategies for mixed phases; torch-free, so that a plan can check them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from xdomain.config.model_base import ConfigModel


class JointConfig(ConfigModel):
    """The sum of the domains' losses: TRL's own step."""

    name: Literal["joint"] = "joint"


class CGPOConfig(ConfigModel):
    """Sequential per-domain updates with extrapolation (CGPO, Alg. 1)."""

    name: Literal["cgpo"] = "cgpo"
    alpha: float = Field(1.2, gt=0, le=3)
    fixed_order: bool = False
    """The paper's ablation: domains are always visited in name order."""


StrategyConfig = Annotated[JointConfig | CGPOConfig, Field(discriminator="name")]
