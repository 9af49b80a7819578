"""The contract of a strategy."""

from __future__ import annotations

import pytest
import torch

from xdomain.config.strategy import JointConfig
from xdomain.core.errors import StageError
from xdomain.strategies.base import DomainPart
from xdomain.strategies.joint import Joint


def test_the_mean_gradient_undoes_the_share() -> None:
    gradient = [torch.tensor([1.0, 2.0])]
    assert DomainPart(0.5, gradient, 1.0).mean_gradient() is gradient
    assert DomainPart(0.5, gradient, 0.25).mean_gradient()[0].tolist() == [4.0, 8.0]


def test_state_that_nobody_keeps_is_refused() -> None:
    strategy = Joint(JointConfig(), ("a", "b"), 0)
    strategy.load_state(strategy.state())
    with pytest.raises(StageError, match="Joint keeps no state, but a checkpoint holds logits"):
        strategy.load_state({"logits": torch.zeros(2)})
