"""Rank correlation, the relabelling test and leave-one-domain-out R2, against direct computations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from xdomain.analysis.relabelling import cells, labellings, left_out_r2, rank_correlation, relabelling_p


def drawn(n_domains: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(2, n_domains * (n_domains - 1)))
    return one, other


def test_the_rank_correlation_is_spearmans_also_with_ties() -> None:
    one, other = drawn(4)
    one = one.round(0)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert rank_correlation(np.ones(12), other) is None


def test_p_is_the_share_of_labellings_that_do_as_well() -> None:
    one, other = drawn(4, 3)
    places = [tuple(place) for place in cells(4)]
    matrix = dict(zip(places, other, strict=True))
    observed = spearmanr(one, other).statistic
    found = [
        spearmanr(one, [matrix[order[row], order[column]] for row, column in places]).statistic
        for order in permutations(range(4))
    ]
    assert relabelling_p(one, other, 4) == pytest.approx(np.mean(np.array(found) >= observed - 1e-9))
    assert relabelling_p(np.ones(12), other, 4) is None


def test_p_of_four_domains_cannot_fall_below_a_twenty_fourth() -> None:
    one, _ = drawn(4)
    assert relabelling_p(one, one, 4) == pytest.approx(1 / 24)


def test_many_domains_are_relabelled_at_random() -> None:
    assert labellings(5).shape == (120, 20)
    many = labellings(8)
    assert many.shape == (10_000, 56)
    assert (many[0] == np.arange(56)).all()
    assert all(sorted(row) == list(range(56)) for row in many[:20].tolist())


def test_a_perfect_line_explains_what_was_left_out_and_noise_does_not() -> None:
    one, other = drawn(4)
    assert left_out_r2(one, 3 - 2 * one, 4) == pytest.approx(1.0)
    noise = left_out_r2(one, other, 4)
    assert noise is not None
    assert noise < 0.5
    assert left_out_r2(one[:6], other[:6], 3) is None


def test_r2_is_that_of_fits_without_each_domain() -> None:
    one, other = drawn(5, 2)
    missed = spread = 0.0
    for domain in range(5):
        held = np.array([domain in place for place in cells(5).tolist()])
        slope, intercept = np.polyfit(one[~held], other[~held], 1)
        missed += ((other[held] - intercept - slope * one[held]) ** 2).sum()
        spread += ((other[held] - other[~held].mean()) ** 2).sum()
    assert left_out_r2(one, other, 5) == pytest.approx(1 - missed / spread)


def test_a_constant_prediction_predicts_the_mean() -> None:
    _, other = drawn(4)
    assert left_out_r2(np.ones(12), other, 4) == pytest.approx(0.0)
