"""Arithmetic on gradients."""

from __future__ import annotations

import pytest
import torch

from xdomain.strategies.gradients import accumulate, combine, cosines, gramian, joint_gradient, tensor_gramians
from xdomain.strategies.testing import step_of_gradients


def test_inner_products_of_whole_gradients_and_of_tensors() -> None:
    one, other = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])], [torch.tensor([0.0, 1.0]), torch.tensor([[-1.0]])]
    assert gramian([one, other]).tolist() == [[14.0, -1.0], [-1.0, 2.0]]
    assert tensor_gramians([one, other])[:, 0, 1].tolist() == [2.0, -3.0]


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_squares_may_leave_the_range_of_float32(scale: float) -> None:
    gradients = [[torch.tensor([scale, scale])], [torch.tensor([scale, -scale])]]
    products = gramian(gradients)
    assert products[0, 0].item() == pytest.approx(2 * scale**2, rel=1e-5)
    assert cosines(products)[0, 1].item() == pytest.approx(0.0, abs=1e-6)


def test_the_cosine_with_nothing_is_unknown() -> None:
    assert cosines(gramian([[torch.ones(2)], [torch.zeros(2)]]))[0, 1].isnan()


def test_sums() -> None:
    first, second = [torch.tensor([1.0])], [torch.tensor([10.0])]
    assert accumulate(accumulate([], first, 2.0), second, 0.5)[0].item() == 7.0
    assert first[0].item() == 1.0
    total = combine([first, second], [2.0, 0.5])
    assert total[0].item() == 7.0
    assert total[0] is first[0], "no further copy is held"


def test_joint_adds_the_parts() -> None:
    step = step_of_gradients({"a": [torch.tensor([2.0])], "b": [torch.tensor([4.0])]})
    assert joint_gradient(step)[0].item() == 3.0
    assert step.asked == ["a", "b"]
