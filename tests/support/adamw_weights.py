"""The weights of two domains in what a strategy trains through AdamW: linear losses with noisy, orthogonal gradients.

Run `python -m tests.support.adamw_weights` to print the table of docs/reference/papers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from benchmarks.strategies import solvable
from xdomain.config.strategy import BUILT_IN, CGPOConfig, StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import FunctionStep, Loss

SHAPES = ((100, 50), (3000,), (2000,))
"""Of the parameters: 10,000 in all."""
COORDINATES = 10_000
LENGTH, NOISE = 0.1, 2.0
"""Norm of a domain's mean gradient, and of a step's noise relative to it. Neither part is ever clipped."""
STEPS = 200
NAMES = ("a", "b")
VERSION_1 = "cgpo, version 1"


class ShareOnTheRate(Strategy):
    """CGPO as version 1 had it: inner steps on the mean gradients at share_k times the learning rate."""

    def step(self, step: DomainStep) -> dict[str, Any]:
        for domain in step.domains if step.number % 2 else reversed(step.domains):
            part = step.loss_and_gradient(domain)
            step.set_gradient(part.mean_gradient())
            step.optimizer_step(part.share)
        return {}


@dataclass(frozen=True)
class Net:
    """What a strategy trained.

    Attributes:
        weight: Domain a's part of the least-squares coefficients of the net movement on the unit mean gradients.
        length: Norm of the net movement.
    """

    weight: float
    length: float


def train(make: Callable[[], Strategy], share: float, seed: int = 0) -> Net:
    """Train with AdamW at the settings that `training` has by default.

    Args:
        share: Domain a's share of the step; b has the rest.
    """
    generator = torch.Generator().manual_seed(seed)
    means = orthogonal_means(generator)
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in SHAPES]
    settings = TrainingConfig(steps=STEPS)
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    strategy = make()
    for number in range(STEPS):
        noise = NOISE * LENGTH / COORDINATES**0.5
        losses = {
            name: linear(mean + noise * torch.randn(COORDINATES, generator=generator)) for name, mean in means.items()
        }
        step = FunctionStep(
            parameters,
            losses,
            dict(zip(NAMES, (share, 1 - share), strict=True)),
            optimizer=optimizer,
            max_grad_norm=settings.max_grad_norm,
            number=number,
        )
        strategy.step(step)
        if any(parameter.grad is not None for parameter in parameters):  # a strategy may have moved them itself
            step.optimizer_step()
    moved = -torch.cat([parameter.detach().flatten() for parameter in parameters])
    units = torch.stack([mean / mean.norm() for mean in means.values()], dim=1)
    coefficients = torch.linalg.lstsq(units, moved.unsqueeze(1)).solution.flatten()
    return Net(float(coefficients[0] / coefficients.sum()), float(moved.norm()))


def orthogonal_means(generator: torch.Generator) -> dict[str, Tensor]:
    """Two dense gradients of the same length without a common direction."""
    first, second = torch.randn(2, COORDINATES, generator=generator)
    second -= first * (first @ second) / (first @ first)
    return {name: LENGTH * each / each.norm() for name, each in zip(NAMES, (first, second), strict=True)}


def linear(gradient: Tensor) -> Loss:
    """Return the loss that has this gradient everywhere."""
    parts = [part.view(shape) for part, shape in zip(torch.split(gradient, sizes()), SHAPES, strict=True)]
    return lambda at: torch.stack([(part * each).sum() for part, each in zip(parts, at, strict=True)]).sum()


def sizes() -> list[int]:
    return [torch.Size(shape).numel() for shape in SHAPES]


def strategies() -> Mapping[str, Callable[[], Strategy]]:
    """Every built-in strategy, and the forms of CGPO, by label."""
    adapter: TypeAdapter[Any] = TypeAdapter(StrategyConfig)
    configs = [adapter.validate_python(name) for name in BUILT_IN if solvable(name)]
    configs += [
        CGPOConfig(alpha=1.0),
        CGPOConfig(alpha=1.0, step_scale="once"),
        CGPOConfig(step_scale="once"),
    ]
    found = {each.label: lambda each=each: build_strategy(each, NAMES, 0) for each in configs}
    return found | {VERSION_1: lambda: ShareOnTheRate(None, NAMES, 0)}


def table() -> dict[str, dict[float, tuple[float, float]]]:
    """Return, by label and share, domain a's weight and the movement relative to joint's."""
    shares = (0.75, 0.9)
    joint = {share: train(strategies()["joint"], share) for share in shares}
    found: dict[str, dict[float, tuple[float, float]]] = {}
    for label, make in strategies().items():
        nets = {share: train(make, share) for share in shares}
        found[label] = {share: (net.weight, net.length / joint[share].length) for share, net in nets.items()}
    return found


def lines(rows: Mapping[str, Mapping[float, tuple[float, float]]]) -> list[str]:
    """Return the table in Markdown."""
    head = ["| strategy | .75/.25 | moves, times joint | .9/.1 | moves, times joint |", "|---|---|---:|---|---:|"]
    for label, row in rows.items():
        cells = [f"{weight:.3f}/{1 - weight:.3f} | {ratio:.2f}" for weight, ratio in row.values()]
        head.append(f"| `{label}` | {' | '.join(cells)} |")
    return head


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("\n".join(lines(table())))
