"""Picking the next token."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from xdomain.generation.base import Sampling
from xdomain.generation.choice import choose, nucleus, uniform_numbers

CPU = torch.device("cpu")
LOGITS = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()


def test_greedy_takes_the_largest_and_needs_no_numbers() -> None:
    assert uniform_numbers([1, 2], Sampling(5), CPU) is None
    chosen, entropy = choose(torch.stack([LOGITS, LOGITS.flip(0)]), Sampling(5), None)
    assert chosen.tolist() == [0, 3]
    expected = -sum(p * math.log(p) for p in (0.5, 0.25, 0.15, 0.1))
    assert entropy.tolist() == pytest.approx([expected, expected], rel=1e-5)


def test_a_row_draws_from_its_own_seed() -> None:
    sampling = Sampling(5, temperature=1.0)
    alone, together = uniform_numbers([7], sampling, CPU), uniform_numbers([3, 7], sampling, CPU)
    assert alone is not None
    assert together is not None
    assert torch.equal(alone[0], together[1])


@pytest.mark.parametrize(
    ("temperature", "shares"), [(1.0, [0.5, 0.25, 0.15, 0.1]), (0.5, [0.725, 0.181, 0.065, 0.029])]
)
def test_tokens_are_drawn_by_their_probability(temperature: float, shares: list[float]) -> None:
    uniform = torch.arange(10_000, dtype=torch.float64) / 10_000
    chosen, _ = choose(LOGITS.expand(10_000, 4), Sampling(1, temperature), uniform)
    counts = Counter(chosen.tolist())
    assert [counts[token] / 10_000 for token in range(4)] == pytest.approx(shares, abs=2e-3)


def test_a_nucleus_is_the_smallest_set_that_reaches_its_mass() -> None:
    probabilities = LOGITS.exp().unsqueeze(0)
    assert nucleus(probabilities, 0.7)[0].tolist() == pytest.approx([0.5, 0.25, 0, 0])
    assert nucleus(probabilities, 0.01)[0].tolist() == pytest.approx([0.5, 0, 0, 0])
    last = torch.tensor([math.nextafter(1.0, 0.0)], dtype=torch.float64)
    chosen, _ = choose(LOGITS.unsqueeze(0), Sampling(1, 1.0, top_p=0.7), last)
    assert chosen.tolist() == [1]


def test_entropy_shows_logits_that_are_not_finite() -> None:
    _, entropy = choose(torch.tensor([[0.0, float("nan")], [0.0, float("inf")], [0.0, 1.0]]), Sampling(1), None)
    assert entropy.isfinite().tolist() == [False, False, True]
