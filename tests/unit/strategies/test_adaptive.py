"""Prompts by domain that follow what the rollouts before showed; tests/invariant trains with them."""

from __future__ import annotations

import math

import pytest
import torch

from xdomain.config.strategy import BanditConfig, TransferAwareConfig
from xdomain.strategies.adaptive import Bandit, TransferAware
from xdomain.strategies.testing import displacement, step_of_gradients

EVEN = {"a": 1.0, "b": 1.0}


def test_without_evidence_the_nominal_weights_hold() -> None:
    bandit = Bandit(BanditConfig(exploration=0.0), ("a", "b"), 0)
    assert bandit.shares({"a": 3.0, "b": 1.0}) == pytest.approx({"a": 0.75, "b": 0.25}, abs=0.1)
    counts = [Bandit(BanditConfig(), ("a", "b"), 0).allocate(7, EVEN) for _ in range(2)]
    assert counts[0] == counts[1]
    assert sum(counts[0].values()) == 7


def test_what_rounding_owes_is_given_later() -> None:
    bandit = Bandit(BanditConfig(exploration=0.0), ("a", "b"), 0)
    for _ in range(3):
        bandit.allocate(1, EVEN)
    assert sorted(bandit.taken.values()) == [1, 2]
    bandit.allocate(1, EVEN)
    assert bandit.taken == {"a": 2, "b": 2}


def test_more_is_learned_where_advantages_are_larger() -> None:
    config = BanditConfig(exploration=0.0)
    bandit = Bandit(config, ("a", "b"), 0)
    bandit.observe({"a": 1.0, "b": 0.0})
    shares = bandit.shares(EVEN)
    odds = math.exp(1.0 / config.temperature)
    assert shares["a"] == pytest.approx(config.floor + (1 - 2 * config.floor) * odds / (1 + odds))
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= config.floor


def test_a_running_mean_forgets() -> None:
    bandit = Bandit(BanditConfig(), ("a", "b"), 0)
    assert bandit.running_mean(math.nan, 0.4) == 0.4
    assert 0.4 < bandit.running_mean(0.4, 1.0) < 1.0


def test_alignment_of_gradients_is_a_bonus_that_the_state_carries() -> None:
    gradients = {"a": [torch.tensor([1.0, 0.0])], "b": [torch.tensor([1.0, 1.0])]}
    strategy = TransferAware(TransferAwareConfig(transfer=2.0), ("a", "b"), 0)
    assert strategy.bonus("a") == 0.0
    moved = displacement(strategy, step_of_gradients(gradients))
    assert torch.allclose(moved[0], torch.tensor([-1.0, -0.5]))
    assert strategy.bonus("a") == pytest.approx(2 / math.sqrt(2))
    other = TransferAware(TransferAwareConfig(transfer=2.0), ("a", "b"), 0)
    other.load_state(strategy.state())
    assert other.bonus("b") == strategy.bonus("b")
    assert other.taken == strategy.taken
