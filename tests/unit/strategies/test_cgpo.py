"""CGPO's inner steps on quadratics that can be followed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from xdomain.config.strategy import CGPOConfig
from xdomain.strategies.cgpo import CGPO
from xdomain.strategies.testing import FunctionStep, displacement

CENTRES = {"a": 1.0, "b": 3.0}


def step(number: int = 0, rate: float = 0.1) -> FunctionStep:
    """Losses (x - c)^2 / 2 in one dimension, half of the step each."""

    def loss(centre: float):  # type: ignore[no-untyped-def]
        def value(at: Sequence[Tensor]) -> Tensor:
            return ((at[0] - centre) ** 2).sum() / 2

        return value

    losses = {name: loss(centre) for name, centre in CENTRES.items()}
    shares = dict.fromkeys(losses, 0.5)
    return FunctionStep([torch.nn.Parameter(torch.zeros(1))], losses, shares, learning_rate=rate, number=number)


@pytest.mark.parametrize(("order", "end"), [(("a", "b"), 0.1975), (("b", "a"), 0.1925)])
def test_each_gradient_is_taken_where_the_domain_before_it_led(order: tuple[str, ...], end: float) -> None:
    moved = displacement(CGPO(CGPOConfig(alpha=1.0, fixed_order=order), ("a", "b"), 0), step())
    assert float(moved[0]) == pytest.approx(end)


def test_the_total_is_stretched() -> None:
    config = CGPOConfig(alpha=1.5, fixed_order=("a", "b"))
    assert float(displacement(CGPO(config, ("a", "b"), 0), step())[0]) == pytest.approx(1.5 * 0.1975)


def test_the_order_is_drawn_from_seed_and_step() -> None:
    strategy = CGPO(CGPOConfig(), ("a", "b"), 0)
    orders = [tuple(strategy.order(step(number))) for number in range(20)]
    assert set(orders) == {("a", "b"), ("b", "a")}
    assert orders == [tuple(strategy.order(step(number))) for number in range(20)]
    assert orders != [tuple(CGPO(CGPOConfig(), ("a", "b"), 1).order(step(number))) for number in range(20)]


def test_a_domain_without_samples_is_not_visited() -> None:
    one = step()
    one.domains = ("b",)
    assert CGPO(CGPOConfig(fixed_order=("a", "b")), ("a", "b"), 0).order(one) == ["b"]
