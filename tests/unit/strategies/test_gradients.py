"""Arithmetic on gradients."""

from __future__ import annotations

import pytest
import torch

from xdomain.strategies.gradients import (
    accumulate,
    combine,
    cosines,
    first_row,
    gramian,
    joint_gradient,
    over_shards,
    own_rows,
    tensor_gramians,
    whole,
)
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


def test_a_whole_tensor_is_all_of_its_rows() -> None:
    tensor = torch.ones(3, 2)
    assert own_rows(tensor) is tensor
    assert whole(tensor) is tensor
    assert first_row(tensor) == 0
    assert over_shards(tensor, [tensor]) is tensor


def test_only_tensors_with_lost_squares_are_computed_anew() -> None:
    lost, kept, nothing = torch.tensor([1e-25]), torch.tensor([0.1, 0.7]), torch.tensor([0.0, 0.0])
    products = tensor_gramians([[lost, kept], [lost, nothing]])
    assert products[0, 0, 1].item() == pytest.approx(1e-50, rel=1e-5)
    assert products[1, 0, 0].item() == float(torch.dot(kept, kept)), "in the gradients' own precision"
