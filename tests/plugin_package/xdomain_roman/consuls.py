"""A strategy written from scratch against `xdomain.strategies.base`: the domains take turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.strategy import PluginStrategyConfig
from xdomain.strategies.base import DomainStep, Strategy


class Consuls(Strategy):
    """Follows the gradient of one domain a step."""

    def __init__(self, config: PluginStrategyConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self.years: int = config.settings.years

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        ruler = step.domains[step.number // self.years % len(step.domains)]
        step.set_gradient(step.loss_and_gradient(ruler).gradient)
        return {"ruler": ruler}
