"""scaled: multiply each domain's advantages by a fixed factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.strategy import ScaledConfig
from xdomain.strategies.base import DomainStep, Gradient, Strategy
from xdomain.strategies.gradients import accumulate


class Scaled(Strategy):
    """A strategy that weighs the domains' parts by fixed factors: g = sum_k w_k share_k g_k.

    With "equal", w_k = 1 / (K share_k). Scaling a domain's part scales its advantages, since the clipped objective is
    positively homogeneous in them. If beta > 0, the KL penalty is scaled too.

    Source: ours; the naive remedy, as a baseline.
    """

    def __init__(self, config: ScaledConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._weights = config.weights

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        total: Gradient = []
        weights = {}
        for domain in step.domains:
            part = step.loss_and_gradient(domain)
            weights[domain] = self._weight(domain, part.share, len(step.domains))
            total = accumulate(total, part.gradient, weights[domain])
        step.set_gradient(total)
        return {"weights": weights}

    def _weight(self, domain: str, share: float, count: int) -> float:
        return 1 / (count * share) if self._weights == "equal" else self._weights.get(domain, 1.0)
