"""Draws that follow from a completion's place."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from xdomain.train.draws import PlacedDraws

PROBABILITIES = torch.tensor([0.5, 0.3, 0.2])


def draws(rows: int, first_row: int, of: int, steps: int = 5, seed: int = 3) -> torch.Tensor:
    with PlacedDraws(seed, first_row, of):
        return torch.cat([torch.multinomial(PROBABILITIES.expand(rows, 3), 1) for _ in range(steps)], dim=1)


def test_processes_draw_what_one_process_draws() -> None:
    whole = draws(6, 0, 6)
    assert torch.equal(torch.cat([draws(2, 0, 6), draws(4, 2, 6)]), whole)
    assert not torch.equal(draws(6, 0, 6, seed=4), whole)


def test_categories_have_their_probabilities() -> None:
    counts = Counter(draws(20_000, 0, 20_000, steps=1).flatten().tolist())
    assert [counts[each] / 20_000 for each in range(3)] == pytest.approx([0.5, 0.3, 0.2], abs=0.015)


def test_no_global_generator_moves_and_other_functions_are_torchs() -> None:
    before = torch.get_rng_state()
    with PlacedDraws(1, 0, 4):
        torch.multinomial(PROBABILITIES.expand(4, 3), 1)
        assert torch.ones(2).sum().item() == 2
    assert torch.equal(torch.get_rng_state(), before)
