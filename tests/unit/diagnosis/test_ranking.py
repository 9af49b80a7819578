"""Rankings of entries: the lowest scores over all weights, found one weight at a time."""

from __future__ import annotations

import pytest
import torch

from xdomain.diagnosis.ranking import most_negative, random_scores

SCORES = {"a": torch.tensor([[0.5, -3.0], [-1.0, 0.0]]), "b": torch.tensor([2.0]), "c": torch.tensor([-2.0, -4.0, 1.0])}


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, {}),
        (1, {"c": [1]}),
        (2, {"a": [1], "c": [1]}),
        (3, {"a": [1], "c": [0, 1]}),
        (4, {"a": [1, 2], "c": [0, 1]}),
        (8, {"a": [1, 2], "c": [0, 1]}),  # no other score is negative
    ],
)
def test_the_lowest_scores_come_first(count: int, expected: dict[str, list[int]]) -> None:
    for most in (count, 8):
        found = most_negative(SCORES.items(), most).first(count)
        assert {name: indices.tolist() for name, indices in found.items()} == expected


def test_a_ranking_equals_that_of_all_entries_at_once() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = {str(number): torch.randn(7, 5, generator=generator) for number in range(6)}
    flat = torch.cat([each.flatten() for each in scores.values()])
    ranking = most_negative(scores.items(), 40)
    assert ranking.places.tolist() == flat.argsort()[:40].tolist()
    torch.testing.assert_close(ranking.scores, flat.sort().values[:40].double())
    assert sum(map(len, ranking.first(17).values())) == 17


def test_random_scores_rank_every_entry_alike_and_repeat() -> None:
    weights = {"large": torch.zeros(300, 100), "small": torch.zeros(10_000)}
    first, again, other = (most_negative(random_scores(weights.items(), seed), 4_000) for seed in (1, 1, 2))
    assert torch.equal(first.places, again.places)
    assert not torch.equal(first.places, other.places)
    assert len(first.places.unique()) == 4_000
    assert len(first.first(4_000)["large"]) == pytest.approx(3_000, abs=110)  # four standard deviations
