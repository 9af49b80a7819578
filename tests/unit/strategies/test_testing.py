"""The laws that a plugin's author checks are broken by broken strategies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from xdomain.config.strategy import JointConfig
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import joint_gradient
from xdomain.strategies.joint import Joint
from xdomain.strategies.testing import FunctionStep, check_strategy, displacement


def test_joint_keeps_them() -> None:
    check_strategy(lambda domains: Joint(JointConfig(), domains, 0))


class Normalises(Strategy):
    def step(self, step: DomainStep) -> Mapping[str, Any]:
        gradient = joint_gradient(step)
        step.set_gradient([each / each.norm() for each in gradient])
        return {}


class DrawsGlobally(Strategy):
    def step(self, step: DomainStep) -> Mapping[str, Any]:
        step.set_gradient([each * torch.rand(1) for each in joint_gradient(step)])
        return {}


class Forgets(Strategy):
    steps = 0

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        self.steps += 1
        step.set_gradient([each * self.steps for each in joint_gradient(step)])
        return {}


class NeedsEveryDomain(Strategy):
    def step(self, step: DomainStep) -> Mapping[str, Any]:
        step.set_gradient(step.loss_and_gradient("c").gradient)
        return {}


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        (Normalises, AssertionError, "not finite on zero"),
        (DrawsGlobally, AssertionError, "the global generator changed"),
        (Forgets, AssertionError, "`state` leaves out something"),
        (NeedsEveryDomain, KeyError, "c"),
    ],
)
def test_broken_ones_do_not(kind: type[Strategy], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        check_strategy(lambda domains: kind(JointConfig(), domains, 0))


def test_gradients_are_clipped_as_by_the_trainer() -> None:
    step = FunctionStep(
        [torch.nn.Parameter(torch.zeros(1))], {"a": lambda at: 10 * at[0].sum()}, {"a": 1.0}, max_grad_norm=1.0
    )
    assert displacement(Joint(JointConfig(), ("a",), 0), step)[0].item() == pytest.approx(-1.0)
