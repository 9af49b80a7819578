"""The range of noise, in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xdomain.analysis.inference import Estimate
from xdomain.analysis.maxima import null_range, pairwise, pairwise_over, smallest


def test_null_range_closed_forms():
    assert null_range(2) == pytest.approx(2, abs=1e-6)
    assert null_range(3) == pytest.approx(2 + 3 * math.sqrt(3) / math.pi, abs=1e-6)


def test_a_sum_over_domains_is_compared_as_independent_items() -> None:
    """One seed: the variance of a difference is the sum of the items' variances on each domain."""
    draw = np.random.default_rng(0)
    first, second = draw.random((3, 1, 40)), draw.random((3, 1, 25))
    table = pairwise_over([(first, None), (second, None)])
    assert table.means == pytest.approx(first.mean(axis=(1, 2)) + second.mean(axis=(1, 2)))
    parts = [np.var(scores[0, 0] - scores[2, 0], ddof=1) / scores.shape[-1] for scores in (first, second)]
    assert table.errors[0, 2] ** 2 == pytest.approx(sum(parts))
    alone = pairwise(first, None)
    assert alone.errors[0, 1] ** 2 == pytest.approx(np.var(first[0, 0] - first[1, 0], ddof=1) / 40)


def test_a_smaller_tail_widens_both_limits_of_an_extreme() -> None:
    parts = [Estimate(value, 0.01, 30.0, 100, 3) for value in (0.5, 0.6)]
    usual, wide = smallest(parts), smallest(parts, 0.025 / 4)
    assert wide.value == usual.value == 0.5
    assert wide.low < usual.low < usual.high < wide.high
