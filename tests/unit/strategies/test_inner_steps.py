"""Moves inside one optimizer step."""

from __future__ import annotations

import pytest
import torch

from xdomain.strategies.inner_steps import look_ahead, optimizer_step


def parameter(gradient: float) -> torch.nn.Parameter:
    made = torch.nn.Parameter(torch.ones(1))
    made.grad = torch.tensor([gradient])
    return made


def test_a_scaled_step_leaves_the_settings() -> None:
    weight = parameter(1.0)
    optimizer = torch.optim.SGD([weight], lr=0.1, weight_decay=1.0)
    optimizer_step(optimizer, scale=0.5, decay=False)
    assert weight.item() == pytest.approx(0.95)
    optimizer_step(optimizer, scale=1.0, decay=True)
    assert weight.item() == pytest.approx(0.95 - 0.1 * (1 + 0.95))
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert optimizer.param_groups[0]["weight_decay"] == 1.0


def test_a_look_ahead_moves_as_adam_scales_and_changes_no_state() -> None:
    weight = parameter(0.5)
    optimizer = torch.optim.AdamW([weight], lr=0.1, weight_decay=0.0)
    look_ahead(optimizer)
    assert weight.item() == 1.0, "without second moments nothing moves"
    optimizer.step()
    state = {name: value.clone() for name, value in optimizer.state[weight].items()}
    before = weight.item()
    weight.grad = torch.tensor([0.25])
    look_ahead(optimizer)
    assert before - weight.item() == pytest.approx(0.1 * 0.25 / 0.5, rel=1e-4)
    assert all(torch.equal(value, state[name]) for name, value in optimizer.state[weight].items())


def test_a_look_ahead_is_no_longer_than_adams_longest_step() -> None:
    weight = parameter(1e-6)
    optimizer = torch.optim.Adam([weight], lr=0.1)
    optimizer.step()
    before = weight.item()
    weight.grad = torch.tensor([1.0])
    look_ahead(optimizer)
    assert before - weight.item() == pytest.approx(0.1 * 0.1 / 0.001**0.5, rel=1e-3)
