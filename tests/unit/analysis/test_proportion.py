"""Intervals of an accuracy, against statsmodels."""

from __future__ import annotations

import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from xdomain.analysis.proportion import wilson


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 50), (25, 50), (198, 198), (699, 700)])
def test_wilson(right, n):
    expected = proportion_confint(right, n, method="wilson")
    assert wilson(right / n, n, stats.norm.ppf(0.975)) == pytest.approx(expected, abs=1e-9)
