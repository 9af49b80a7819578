"""Fieller's interval of a ratio."""

from __future__ import annotations

import math

import pytest

from xdomain.analysis.ratio import fieller


def test_fieller_solves_its_own_equation():
    ratio = fieller(0.08, 0.2, (0.0009, 0.0012), 0.0004, 2.1)
    for limit in (ratio.low, ratio.high):
        gap = 0.08 - limit * 0.2
        error = math.sqrt(0.0009 - 2 * limit * 0.0004 + limit**2 * 0.0012)
        assert abs(gap) == pytest.approx(2.1 * error, abs=1e-9)
    assert ratio.low < ratio.value < ratio.high


def test_fieller_is_unbounded_where_the_denominator_may_be_zero():
    ratio = fieller(0.08, 0.02, (0.0009, 0.0012), 0.0004, 2.1)
    assert ratio.value == pytest.approx(4.0)
    assert ratio.low is None
    assert ratio.high is None
