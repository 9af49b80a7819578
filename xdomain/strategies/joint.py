"""joint: use the sum of the domains' parts, which is the trainer's own step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import joint_gradient


class Joint(Strategy):
    """The strategy of plain joint training: g = sum_k share_k g_k.

    `step` computes the sum and serves as the definition. The trainer does not call it, since its own step is the same
    up to rounding (tests/invariant/test_strategy_seam.py).
    """

    stock_step = True

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        step.set_gradient(joint_gradient(step))
        return {}
