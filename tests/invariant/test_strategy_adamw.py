"""What strategies do to the domains' shares through AdamW, the optimizer that people train with, and CGPO's two forms
against a second implementation of their equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.adamw_weights import VERSION_1, lines, table
from xdomain.config.strategy import CGPOConfig, JointConfig
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import FunctionStep

JOINT = {0.75: 0.750, 0.9: 0.899}
AUTHORS = {0.75: 0.728, 0.9: 0.883}
OLD = {0.75: 0.515, 0.9: 0.525}
EVEN = {0.75: 0.5, 0.9: 0.5}
WEIGHTS = {
    **dict.fromkeys(("joint", "dacsp", "bandit", "transfer_aware", "pcgrad", "upgrad", "mgs"), JOINT),
    **dict.fromkeys(("cgpo(step_scale=once)", "cgpo(alpha=1.0, step_scale=once)"), JOINT),
    **dict.fromkeys(("cgpo", "cgpo(alpha=1.0)"), AUTHORS),
    **dict.fromkeys(("scaled", "famo", "aligned_mtl"), EVEN),
    "mgda": {0.75: 0.25, 0.9: 0.1},
    VERSION_1: OLD,
}
"""Domain a's weight by its share. Without conflict surgery is joint. scaled and famo weigh mean gradients evenly, as
aligned_mtl does gradients of one length. mgda weighs a part by one over its square, so it turns the shares round."""
LENGTHS = {"cgpo": 1.71, "cgpo(alpha=1.0)": 1.43, "cgpo(step_scale=once)": 1.2, VERSION_1: 0.75}
"""Movement relative to joint's; 1 where not named."""


def test_the_weights_of_every_strategy(show: Callable[[str], None]) -> None:
    rows = table()
    for line in lines(rows):
        show(line)
    for label, row in rows.items():
        for share, (weight, length) in row.items():
            if label == "cagrad":  # between the mean of the parts and their shortest combination
                assert 0.5 < weight < share
            else:
                assert weight == pytest.approx(WEIGHTS[label][share], abs=0.01), (label, share)
            assert length == pytest.approx(LENGTHS.get(label, 1.0), rel=0.03), (label, share)


SHARES = {"a": 0.6, "b": 0.3, "c": 0.1}
RATE, DECAY, CLIP, STEPS, DIMENSIONS = 0.02, 0.1, 1.0, 25, 6
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Quadratics:
    """Mean losses 1/2 (x - c_k)^T H_k (x - c_k), so that a gradient depends on where it is taken."""

    def __init__(self) -> None:
        draw = np.random.default_rng(2)
        self.start = 3 * draw.normal(size=DIMENSIONS)
        roots = {name: draw.normal(size=(DIMENSIONS, DIMENSIONS)) for name in SHARES}
        self.hessians = {name: root @ root.T / DIMENSIONS for name, root in roots.items()}
        self.centres = {name: draw.normal(size=DIMENSIONS) for name in SHARES}

    def gradient(self, name: str, at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self.hessians[name] @ (at - self.centres[name])

    def loss(self, name: str) -> Any:
        hessian, centre = torch.tensor(self.hessians[name]), torch.tensor(self.centres[name])
        return lambda at: 0.5 * (at[0] - centre) @ hessian @ (at[0] - centre)


def trained(strategy: Strategy, problem: Quadratics) -> tuple[np.ndarray[Any, Any], list[Sequence[str]]]:
    """Our strategy through torch's AdamW; where it ends, and the orders that it drew."""
    parameter = torch.nn.Parameter(torch.tensor(problem.start))
    optimizer = torch.optim.AdamW([parameter], lr=RATE, weight_decay=DECAY, betas=(BETA1, BETA2), eps=EPSILON)
    losses = {name: problem.loss(name) for name in SHARES}
    orders = []
    for number in range(STEPS):
        step = FunctionStep([parameter], losses, SHARES, optimizer=optimizer, max_grad_norm=CLIP, number=number)
        orders.append(strategy.step(step).get("order", ()))
        if parameter.grad is not None:
            step.optimizer_step()
    return parameter.detach().numpy().copy(), orders


class Adam:
    """AdamW by hand, clipping included."""

    def __init__(self) -> None:
        self.mean, self.square, self.count = np.zeros(DIMENSIONS), np.zeros(DIMENSIONS), 0

    def step(self, at: np.ndarray[Any, Any], gradient: np.ndarray[Any, Any], decay: float) -> np.ndarray[Any, Any]:
        gradient = clipped(gradient)
        self.count += 1
        self.mean = BETA1 * self.mean + (1 - BETA1) * gradient
        self.square = BETA2 * self.square + (1 - BETA2) * gradient**2
        mean, square = self.mean / (1 - BETA1**self.count), self.square / (1 - BETA2**self.count)
        return at - RATE * decay * at - RATE * mean / (np.sqrt(square) + EPSILON)


def clipped(gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return gradient * min(1.0, CLIP / (np.linalg.norm(gradient) + 1e-6))


def by_hand(problem: Quadratics, orders: Sequence[Sequence[str]], alpha: float, once: bool) -> np.ndarray[Any, Any]:
    adam, theta = Adam(), problem.start
    for order in orders:
        phi, total = theta, np.zeros(DIMENSIONS)
        for place, name in enumerate(order):
            part = SHARES[name] * problem.gradient(name, phi)
            total = total + part
            if not once:
                phi = adam.step(phi, part, DECAY if place == 0 else 0.0)
            elif adam.count:
                scale = np.sqrt(adam.square / (1 - BETA2**adam.count)) + EPSILON
                bound = (1 - BETA1) / np.sqrt(1 - BETA2)
                phi = phi - RATE * np.clip(clipped(part) / scale, -bound, bound)
        end = adam.step(theta, total, DECAY) if once else phi
        theta = theta + alpha * (end - theta)
    return theta


@pytest.mark.parametrize("alpha", [1.0, 1.2])
@pytest.mark.parametrize("step_scale", ["authors", "once"])
def test_cgpo_follows_its_equations_through_adamw(step_scale: Any, alpha: float) -> None:
    problem = Quadratics()
    strategy = build_strategy(CGPOConfig(alpha=alpha, step_scale=step_scale), tuple(SHARES), 0)
    found, orders = trained(strategy, problem)
    assert len({tuple(order) for order in orders}) > 3
    expected = by_hand(problem, orders, alpha, step_scale == "once")
    assert float(np.abs(found - expected).max()) < 1e-9
    # The comparison can fail: gradients that are all taken at phi_0, or another order, end elsewhere.
    joint, _ = trained(build_strategy(JointConfig(), tuple(SHARES), 0), problem)
    turned = by_hand(problem, [order[::-1] for order in orders], alpha, step_scale == "once")
    assert float(np.abs(found - joint).max()) > 1e-5
    assert float(np.abs(found - turned).max()) > 1e-6


def test_one_step_in_all_begins_as_joint_does() -> None:
    """AdamW has no second moments before its first step, so every gradient is taken at the start."""
    problem, moved = Quadratics(), []
    for config in (JointConfig(), CGPOConfig(alpha=1.0, step_scale="once")):
        parameter = torch.nn.Parameter(torch.tensor(problem.start))
        losses = {name: problem.loss(name) for name in SHARES}
        optimizer = torch.optim.AdamW([parameter], lr=RATE)
        step = FunctionStep([parameter], losses, SHARES, optimizer=optimizer)
        build_strategy(config, tuple(SHARES), 0).step(step)
        if parameter.grad is not None:
            step.optimizer_step()
        moved.append(parameter.detach() - torch.tensor(problem.start))
    assert torch.allclose(*moved, atol=1e-12)


def test_looking_ahead_where_a_second_moment_is_empty_goes_no_farther_than_a_step_of_adam() -> None:
    """As for an adapter's A, whose gradient is 0 until B moves: g / eps would leave float32's range of sense."""
    parameter = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.0)
    seen: list[Tensor] = []

    def loss(name: str) -> Any:
        def value(at: Sequence[Tensor]) -> Tensor:
            seen.append(at[0].detach().clone())
            return at[0][0] + (at[0][1] if number else 0 * at[0][1])

        return value

    strategy = build_strategy(CGPOConfig(alpha=1.0, step_scale="once"), ("a", "b"), 0)
    for number in range(2):
        losses = {name: loss(name) for name in ("a", "b")}
        start = parameter.detach().clone()
        step = FunctionStep([parameter], losses, {"a": 0.5, "b": 0.5}, optimizer=optimizer, number=number)
        strategy.step(step)
    ahead = seen[-1] - start
    assert float(ahead[0]) == pytest.approx(-0.05, rel=1e-3)  # half the step that the sum makes
    assert float(ahead[1]) == pytest.approx(-0.1 * 0.1 / 0.001**0.5, rel=1e-3)  # rate x (1 - beta1) / sqrt(1 - beta2)


@pytest.mark.parametrize("make", [torch.optim.AdamW, torch.optim.SGD])
@pytest.mark.parametrize("step_scale", ["authors", "once"])
def test_weight_decay_counts_once(step_scale: Any, make: Any) -> None:
    if step_scale == "once" and make is torch.optim.SGD:
        pytest.skip("a plan refuses it: SGD has no second moments")
    parameter = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    losses = dict.fromkeys(SHARES, lambda at: 0 * at[0].sum())
    strategy = build_strategy(CGPOConfig(alpha=1.0, step_scale=step_scale), tuple(SHARES), 0)
    optimizer = make([parameter], lr=0.1, weight_decay=0.5)
    for number in range(2):
        strategy.step(FunctionStep([parameter], losses, SHARES, optimizer=optimizer, number=number))
    assert parameter.tolist() == pytest.approx([0.95**2] * 3)
    assert optimizer.param_groups[0]["weight_decay"] == 0.5
    assert optimizer.param_groups[0]["lr"] == 0.1
