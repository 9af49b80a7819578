"""dacsp on a weight whose earlier direction is known."""

from __future__ import annotations

import pytest
import torch

from xdomain.config.strategy import DACSPConfig
from xdomain.strategies.dacsp import DACSP, weight_places
from xdomain.strategies.testing import displacement, step_of_gradients

EARLIER = torch.tensor([[2.0, 0.0], [0.0, 0.0]])


def strategy(**settings: float) -> DACSP:
    made = DACSP(DACSPConfig(**settings), ("a", "b"), 0)
    made.prepare(["w"], [{"w": EARLIER}])
    return made


@pytest.mark.parametrize(("sign", "factor"), [(-1.0, 1.5), (1.0, 0.25)])
def test_only_the_component_along_the_earlier_change_is_scaled(sign: float, factor: float) -> None:
    gradient = torch.tensor([[sign, 3.0], [4.0, 5.0]])
    made = strategy(amplify=0.5, suppress=0.75)
    moved = displacement(made, step_of_gradients({"a": [gradient], "b": [gradient]}))[0]
    expected = gradient.clone()
    expected[0, 0] *= factor
    assert torch.allclose(moved, -expected, atol=1e-5)


def test_a_first_phase_is_joint() -> None:
    gradient = torch.tensor([[1.0, 3.0]])
    made = DACSP(DACSPConfig(), ("a", "b"), 0)
    made.prepare(["w"], [])
    step = step_of_gradients({"a": [gradient], "b": [gradient]})
    assert torch.allclose(displacement(made, step)[0], -gradient)


def test_directions_are_orthonormal_and_survive_in_the_state() -> None:
    generator = torch.Generator().manual_seed(0)
    made = DACSP(DACSPConfig(rank=2), ("a", "b"), 0)
    made.prepare(["w"], [{"w": torch.randn(6, 5, generator=generator)} for _ in range(2)])
    state = made.state()
    left, right = state["left.w"], state["right.w"]
    assert left.shape == (4, 6)
    assert torch.allclose(left @ left.T, torch.eye(4), atol=1e-5)
    assert torch.allclose(right @ right.T, torch.eye(4), atol=1e-5)
    other = DACSP(DACSPConfig(rank=2), ("a", "b"), 0)
    other.load_state(state)
    assert torch.equal(other.state()["left.w"], left)


def test_factors_of_an_adapter_belong_to_their_weight() -> None:
    names = ["base_model.model.q.lora_A.default.weight", "base_model.model.q.lora_B.default.weight", "norm.weight"]
    assert weight_places(names) == {"q.weight": (0, 1), "norm.weight": (2,)}
