"""The Cochran-Mantel-Haenszel odds ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from xdomain.analysis.estimands.odds_ratio import common_odds_ratio


def test_common_odds_ratio_and_its_error():
    tables = [np.array([[30.0, 20], [18, 32]]), np.array([[11.0, 39], [9, 41]]), np.array([[5.0, 4], [2, 9]])]
    ratio, low, high, p = common_odds_ratio(tables)
    expected = StratifiedTable(tables)
    assert ratio == pytest.approx(expected.oddsratio_pooled, abs=1e-9)
    assert (low, high) == pytest.approx(expected.oddsratio_pooled_confint(0.05), abs=1e-9)
    assert p == pytest.approx(expected.test_null_odds(correction=False).pvalue, abs=1e-9)
    # Closed form of the log's standard error, Robins, Breslow and Greenland 1986.
    a, b, c, d = (np.array([t[i, j] for t in tables]) for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    n = a + b + c + d
    r, s, big_p, big_q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    variance = (big_p * r).sum() / (2 * r.sum() ** 2) + (big_p * s + big_q * r).sum() / (2 * r.sum() * s.sum())
    variance += (big_q * s).sum() / (2 * s.sum() ** 2)
    assert (math.log(high) - math.log(low)) / 2 / stats.norm.ppf(0.975) == pytest.approx(variance**0.5, abs=1e-9)
