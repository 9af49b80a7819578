"""dacsp: identity without history, and with a known subspace exactly the components that it should scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from xdomain.config.strategy import DACSPConfig, JointConfig
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import displacement, step_of_gradients

NAMES = ("weight", "bias", "other")
SHAPES = ((6, 4), (5,), (3, 3))


def tensors(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in SHAPES]


def moved(config: DACSPConfig | JointConfig, history: Sequence[Mapping[str, Tensor]], at: list[Tensor]) -> list[Tensor]:
    strategy = build_strategy(config, ("a", "b"), 0)
    strategy.prepare(NAMES, history)
    halves = {"a": at, "b": at}
    return displacement(strategy, step_of_gradients(halves))


def test_without_history_it_is_joint() -> None:
    gradient = tensors(0)
    for one, other in zip(moved(DACSPConfig(), [], gradient), moved(JointConfig(), [], gradient), strict=True):
        assert torch.equal(one, other)


def test_a_known_direction_is_amplified_along_and_suppressed_against() -> None:
    """History moved weight[0, 0] up and weight[1, 1] down; steps along each are scaled, all else is left alone."""
    change = torch.zeros(6, 4)
    change[0, 0], change[1, 1] = 2.0, -1.0
    config = DACSPConfig(rank=2, amplify=0.25, suppress=0.5)
    gradient = tensors(1)
    gradient[0][0, 0], gradient[0][1, 1] = -3.0, -4.0  # a step adds 3 (along history) and 4 (against it)
    found = moved(config, [{"weight": change}], [each.clone() for each in gradient])
    expected = [-each for each in gradient]
    expected[0][0, 0], expected[0][1, 1] = 3.0 * 1.25, 4.0 * 0.5
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_components_are_scaled_exactly_with_two_phases_of_history() -> None:
    """On random changes: each component is scaled by 1 + amplify or 1 - suppress, the orthogonal rest by 1."""
    history = [dict(zip(NAMES, tensors(seed), strict=True)) for seed in (2, 3)]
    config = DACSPConfig(rank=1, amplify=0.3, suppress=0.6)
    strategy = build_strategy(config, ("a", "b"), 0)
    strategy.prepare(NAMES, history)
    state = strategy.state()
    gradient = tensors(4)
    found = moved(config, history, [each.clone() for each in gradient])
    assert set(state) == {"left.weight", "right.weight", "left.other", "right.other"}  # a bias has no directions
    assert torch.equal(found[1], -gradient[1])
    for place, name in ((0, "weight"), (2, "other")):
        u, v = state[f"left.{name}"], state[f"right.{name}"]
        torch.testing.assert_close(u @ u.T, torch.eye(2), atol=1e-5, rtol=0)
        torch.testing.assert_close(v @ v.T, torch.eye(2), atol=1e-5, rtol=0)
        step = -gradient[place]
        expected = step.clone()
        for row, column in zip(u, v, strict=True):
            component = float(row @ step @ column)
            expected += (0.3 if component > 0 else -0.6) * component * torch.outer(row, column)
        torch.testing.assert_close(found[place], expected, rtol=1e-4, atol=1e-5)
    first = history[0]["weight"]
    assert float(state["left.weight"][0] @ first @ state["right.weight"][0]) == pytest.approx(
        float(torch.linalg.svdvals(first)[0]), rel=1e-4
    )


def test_a_step_outside_the_known_subspace_passes_unchanged() -> None:
    """A new domain that moves other rows and columns than its predecessors is trained as by joint."""
    change, gradient = torch.zeros(6, 4), tensors(7)
    change[:2, :2] = torch.randn(2, 2, generator=torch.Generator().manual_seed(8))
    gradient[0][:2, :2] = 0.0
    config = DACSPConfig(rank=2, amplify=1.0, suppress=1.0)
    found = moved(config, [{"weight": change}], [each.clone() for each in gradient])
    for one, expected in zip(found, gradient, strict=True):
        torch.testing.assert_close(one, -expected, rtol=0, atol=1e-6)


def test_a_phase_that_changed_nothing_leaves_no_direction() -> None:
    strategy = build_strategy(DACSPConfig(), ("a",), 0)
    strategy.prepare(NAMES, [{"weight": torch.zeros(6, 4)}])
    assert strategy.state() == {}


def test_state_carries_the_subspace() -> None:
    history = [dict(zip(NAMES, tensors(5), strict=True))]
    first, second = (build_strategy(DACSPConfig(), ("a",), 0) for _ in range(2))
    first.prepare(NAMES, history)
    second.prepare(NAMES, [])
    second.load_state(first.state())
    steps = [displacement(each, step_of_gradients({"a": tensors(6)})) for each in (first, second)]
    assert all(torch.equal(one, other) for one, other in zip(*steps, strict=True))


ADAPTED = ("base_model.model.layer.lora_A.default.weight", "base_model.model.layer.lora_B.default.weight")


@pytest.mark.parametrize("fresh", [True, False])
def test_an_adapters_step_scales_each_component_of_the_weight_exactly(fresh: bool) -> None:
    """u_r^T (dB A + B dA) v_r is scaled by 1 + amplify or 1 - suppress for every r; with B = 0 too, as it begins."""
    generator = torch.Generator().manual_seed(9)
    size = {"generator": generator, "dtype": torch.float64}
    a, b = torch.randn(3, 4, **size), torch.zeros(6, 3).double() if fresh else torch.randn(6, 3, **size)
    strategy = build_strategy(DACSPConfig(rank=2, amplify=0.3, suppress=0.6), ("a",), 0)
    strategy.prepare(
        ADAPTED, [{"layer.weight": torch.randn(6, 4, **size)}, {"layer.weight": torch.randn(6, 4, **size)}]
    )
    u, v = (strategy.state()[f"{side}.layer.weight"].double() for side in ("left", "right"))
    gradients = [torch.randn(3, 4, **size), torch.randn(6, 3, **size)]

    def components(of: Sequence[Tensor]) -> Tensor:
        return (u @ (of[1] @ a + b @ of[0]) @ v.T).diagonal()

    step = step_of_gradients({"a": [each.clone() for each in gradients]})
    with torch.no_grad():
        for parameter, value in zip(step.parameters, (a, b), strict=True):
            parameter.copy_(value)
    figures = strategy.step(step)
    found = [parameter.grad for parameter in step.parameters]
    before = components(gradients)
    assert len(before) == 4
    assert figures == {"aligned_directions": int((before < 0).sum()), "conflicting_directions": int((before > 0).sum())}
    expected = before * torch.where(before < 0, 1.3, 0.4)
    torch.testing.assert_close(components([each for each in found if each is not None]), expected, rtol=1e-5, atol=1e-6)
    if fresh:
        assert torch.equal(found[0], gradients[0])  # through A a fresh adapter cannot move the weight


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), exponent=st.integers(-8, 8))
def test_scaling_the_gradient_scales_the_step(seed: int, exponent: int) -> None:
    history = [dict(zip(NAMES, tensors(seed), strict=True))]
    plain = moved(DACSPConfig(rank=2), history, tensors(seed + 1))
    scaled = moved(DACSPConfig(rank=2), history, [2.0**exponent * each for each in tensors(seed + 1)])
    for one, other in zip(plain, scaled, strict=True):
        torch.testing.assert_close(other, 2.0**exponent * one, rtol=1e-5, atol=1e-6 * 2.0**exponent)


@pytest.mark.parametrize("factor", [0.0, 1e-12, 1e12])
def test_finite_on_zero_tiny_and_huge_gradients(factor: float) -> None:
    history = [dict(zip(NAMES, tensors(10), strict=True))]
    found = moved(DACSPConfig(rank=2), history, [factor * each for each in tensors(11)])
    assert all(bool(torch.isfinite(each).all()) for each in found)


def test_half_precision_gradients_are_scaled_in_float32() -> None:
    history = [dict(zip(NAMES, tensors(12), strict=True))]
    exact = moved(DACSPConfig(rank=2), history, tensors(13))
    half = moved(DACSPConfig(rank=2), history, [each.bfloat16() for each in tensors(13)])
    assert half[0].dtype == torch.bfloat16
    for one, other in zip(half, exact, strict=True):
        torch.testing.assert_close(one.float(), other, rtol=0.02, atol=0.02)
