"""Weights from inner products, on cases that can be worked out."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from xdomain.config.strategy import AlignedMTLConfig, CAGradConfig, MGDAConfig, PCGradConfig, UPGradConfig
from xdomain.core.errors import DependencyMissing
from xdomain.strategies.build import build_strategy
from xdomain.strategies.gramian import make_weighting, solve
from xdomain.strategies.testing import displacement, step_of_gradients

CONFIGS = [PCGradConfig(), CAGradConfig(), MGDAConfig(), UPGradConfig(), AlignedMTLConfig()]


def moved(config: Any, *gradients: list[float]) -> list[float]:
    parts = {name: [torch.tensor(values)] for name, values in zip("abc", gradients, strict=False)}
    try:
        strategy = build_strategy(config, tuple(parts), 0)
    except DependencyMissing as error:
        pytest.skip(error.what)
    found: list[float] = displacement(strategy, step_of_gradients(parts))[0].tolist()
    return found


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_orthogonal_gradients_of_equal_length_are_added(config: Any) -> None:
    assert moved(config, [2.0, 0.0], [0.0, 2.0]) == pytest.approx([-1.0, -1.0], abs=1e-3)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_a_domain_without_a_gradient_is_left_out(config: Any) -> None:
    assert moved(config, [2.0, 0.0], [0.0, 0.0]) == pytest.approx([-1.0, 0.0], abs=1e-3)


def test_pcgrad_removes_what_conflicts() -> None:
    one, other = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
    found = -torch.tensor(moved(PCGradConfig(), one.tolist(), other.tolist()))
    assert float(found @ one) >= -1e-6
    assert float(found @ other) >= -1e-6


def test_non_finite_gradients_are_left_to_the_trainer() -> None:
    products = torch.tensor([[1.0, float("nan")], [float("nan"), 1.0]], dtype=torch.float64)
    assert solve(products, make_weighting(PCGradConfig()), 0).tolist() == [1.0, 1.0]
    assert solve(torch.zeros(2, 2, dtype=torch.float64), make_weighting(PCGradConfig()), 0).tolist() == [1.0, 1.0]


def test_opposite_gradients_have_no_common_direction() -> None:
    products = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    assert solve(products, make_weighting(MGDAConfig()), 0).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
