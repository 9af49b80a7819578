"""Adjusted p-values, against statsmodels and by hand."""

from __future__ import annotations

import pytest
from statsmodels.stats.multitest import multipletests

from xdomain.analysis.multiplicity import adjust


@pytest.mark.parametrize("method", ["holm", "fdr_bh"])
def test_adjusted_p(method):
    p_values = [0.001, 0.04, None, 0.03, 0.5, 0.011, None, 0.2]
    known = [p for p in p_values if p is not None]
    expected = multipletests(known, method=method)[1]
    found = adjust(p_values, method)
    assert [p for p in found if p is not None] == pytest.approx(list(expected), abs=1e-9)
    assert [p is None for p in found] == [p is None for p in p_values]


def test_holm_and_bh_by_hand():
    assert adjust([0.01, 0.04, 0.03], "holm") == pytest.approx([0.03, 0.06, 0.06], abs=1e-12)
    assert adjust([0.01, 0.04, 0.03], "fdr_bh") == pytest.approx([0.03, 0.04, 0.04], abs=1e-12)
