"""joint: the sum of the domains' parts, which is the trainer's own step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import joint_gradient


class Joint(Strategy):
    """g = sum_k share_k g_k.

    `step` writes the sum out. The trainer does not call it, since its own step is the same to rounding
    (tests/invariant/test_strategy_seam.py); it is here as the definition.
    """

    stock_step = True

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        step.set_gradient(joint_gradient(step))
        return {}
