"""joint: the sum of the domains' parts, which is the trainer's own step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.strategies.base import DomainStep, Strategy


class Joint(Strategy):
    """g = sum_k share_k g_k.

    `step` writes the sum out. The trainer does not call it, since its own step is the same to rounding
    (tests/invariant/test_strategy_seam.py); it is here as the definition.
    """

    stock_step = True

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        total = step.loss_and_gradient(step.domains[0]).gradient
        for domain in step.domains[1:]:
            for place, tensor in zip(total, step.loss_and_gradient(domain).gradient, strict=True):
                place.add_(tensor)
        step.set_gradient(total)
        return {}
