"""Estimates: limits, p, sums, and cells."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from scipy import stats

from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate, combine, t_quantile, t_test_p, to_cell

ONE = Estimate(value=0.1, variance=0.0004, degrees=8.0, n_items=50, n_seeds=3, compares=("a", "b"))
NONE = replace(ONE, variance=math.nan)


def test_limits_are_those_of_the_t_distribution() -> None:
    assert ONE.limits() == pytest.approx(stats.t.interval(0.95, 8, 0.1, 0.02), abs=1e-12)
    assert ONE.limits(0.05, 0.005) == pytest.approx(
        (0.1 + 0.02 * stats.t.ppf(0.05, 8), 0.1 + 0.02 * stats.t.ppf(0.995, 8))
    )
    assert t_quantile(0.9, 3.5) == pytest.approx(stats.t.ppf(0.9, 3.5), abs=1e-9)


def test_p_of_a_value() -> None:
    assert t_test_p(ONE) == pytest.approx(2 * stats.t.sf(5.0, 8))
    assert t_test_p(ONE, against=0.1) == pytest.approx(1.0)
    assert t_test_p(NONE) is None


def test_what_an_estimate_speaks_of() -> None:
    assert (ONE.speaks_of, replace(ONE, n_seeds=1).speaks_of) == ("the recipe", "these checkpoints")
    assert not NONE.has_interval
    assert math.isnan(NONE.error)


def test_a_sum_adds_variances_by_the_square_of_the_weights() -> None:
    other = replace(ONE, value=0.3, variance=0.0009, degrees=4.0, n_items=20, n_seeds=2, compares=("b", "c"))
    found = combine([ONE, other], [0.5, -1.0])
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.05 - 0.3)
    assert found.variance == pytest.approx(0.0001 + 0.0009)
    assert found.degrees == pytest.approx(0.001**2 / (0.0001**2 / 8 + 0.0009**2 / 4))
    assert (found.n_items, found.n_seeds, found.compares) == (70, 2, ("a", "b", "c"))
    assert found.p == t_test_p(found)


@pytest.mark.parametrize(("parts", "note"), [([ONE, Blank("lost")], "lost"), ([], "no values to combine")])
def test_a_sum_with_a_hole_is_blank(parts: list[Any], note: str) -> None:
    found = combine(parts, [1.0] * len(parts), ("x",))
    assert isinstance(found, Blank)
    assert note in found.note
    assert found.compares == ("x",)


def test_cells() -> None:
    cell, plain = to_cell(replace(ONE, p=0.01)), to_cell(replace(ONE, p=0.01), tested=False)
    assert (cell.low, cell.high) == ONE.limits() == (plain.low, plain.high)
    assert (cell.p, cell.standard_error, cell.degrees) == (0.01, 0.02, 8.0)
    assert (plain.p, plain.standard_error, plain.degrees, plain.smallest_detectable) == (None,) * 4
    assert (to_cell(NONE).estimate, to_cell(NONE).low) == (0.1, None)
    blank = to_cell(Blank("lost", ("a",)))
    assert (blank.estimate, blank.note, blank.compares) == (None, "lost", ("a",))
