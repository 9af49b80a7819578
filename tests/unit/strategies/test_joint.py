"""joint is the sum of the domains' parts."""

from __future__ import annotations

import torch

from xdomain.config.strategy import JointConfig
from xdomain.strategies.joint import Joint
from xdomain.strategies.testing import displacement, step_of_gradients


def test_it_adds_the_parts_and_is_the_trainers_own_step() -> None:
    step = step_of_gradients({"a": [torch.tensor([1.0, -2.0])], "b": [torch.tensor([3.0, 2.0])]})
    assert displacement(Joint(JointConfig(), ("a", "b"), 0), step)[0].tolist() == [-2.0, 0.0]
    assert Joint.stock_step
