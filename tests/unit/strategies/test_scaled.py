"""Fixed factors on the domains' advantages."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from xdomain.config.strategy import ScaledConfig
from xdomain.strategies.scaled import Scaled
from xdomain.strategies.testing import FunctionStep


def step() -> FunctionStep:
    losses: dict[str, Any] = {"a": lambda at: at[0][0] * 1.0, "b": lambda at: at[0][1] * 1.0}
    return FunctionStep([torch.nn.Parameter(torch.zeros(2))], losses, {"a": 0.8, "b": 0.2})


@pytest.mark.parametrize(
    ("weights", "gradient"), [("equal", [0.5, 0.5]), ({"a": 0.5}, [0.4, 0.2]), ({"a": 0.0, "b": 3.0}, [0.0, 0.6])]
)
def test_factors(weights: Any, gradient: list[float]) -> None:
    one = step()
    figures = Scaled(ScaledConfig(weights=weights), ("a", "b"), 0).step(one)
    assert one.parameters[0].grad is not None
    assert one.parameters[0].grad.tolist() == pytest.approx(gradient)
    assert set(figures["weights"]) == {"a", "b"}
