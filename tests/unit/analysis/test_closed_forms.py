"""Agreement with scipy, statsmodels and closed forms to 1e-9."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from xdomain.analysis.maxima import null_range
from xdomain.analysis.multiplicity import adjust
from xdomain.analysis.power import Design, power_factor, smallest_detectable
from xdomain.analysis.proportion import wilson
from xdomain.analysis.ratio import fieller
from xdomain.analysis.signflip import sign_flip_p


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 50), (25, 50), (198, 198), (699, 700)])
def test_wilson(right, n):
    expected = proportion_confint(right, n, method="wilson")
    assert wilson(right / n, n, stats.norm.ppf(0.975)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("gained", "lost"), [(10, 3), (0, 5), (7, 7), (1, 0), (40, 22)])
def test_sign_flip_of_single_answers_is_exact_mcnemar(gained, lost):
    differences = np.array([1.0] * gained + [-1.0] * lost + [0.0] * 30)
    expected = mcnemar([[5, gained], [lost, 25]], exact=True).pvalue
    assert sign_flip_p(differences) == pytest.approx(expected, abs=1e-9)


def test_sign_flip_of_several_samples_equals_all_flips():
    values = np.random.default_rng(3).integers(-4, 5, 14) / 4
    nonzero = values[values != 0]
    bits = (np.arange(2 ** len(nonzero))[:, None] >> np.arange(len(nonzero))) & 1
    sums = np.abs((2 * bits - 1) @ nonzero)
    assert sign_flip_p(values) == pytest.approx((sums >= abs(nonzero.sum()) - 1e-12).mean(), abs=1e-9)


def test_sign_flip_off_the_lattice_is_close_to_the_t_test():
    values = np.random.default_rng(4).normal(0.3, 1, 60)
    assert sign_flip_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)
    assert sign_flip_p(values) == sign_flip_p(values[::-1])


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


def test_null_range_closed_forms():
    assert null_range(2) == pytest.approx(2, abs=1e-6)
    assert null_range(3) == pytest.approx(2 + 3 * math.sqrt(3) / math.pi, abs=1e-6)


def test_power_equals_the_printed_figures():
    """198 items with 1 and 10 samples: 13.3 and 7.6 points; three seeds of SD 2: 5.0 pooled, 9.2 alone."""
    assert 100 * smallest_detectable(Design(198, 1)) == pytest.approx(13.3, abs=0.06)
    assert 100 * smallest_detectable(Design(198, 10)) == pytest.approx(7.6, abs=0.06)
    endless = Design(10**9, 1, 3, seed_sd=0.02, n_contrasts=6)
    assert 100 * smallest_detectable(endless) == pytest.approx(5.0, abs=0.05)
    assert 100 * smallest_detectable(replace(endless, n_contrasts=1)) == pytest.approx(9.2, abs=0.05)


def test_power_factor_gives_80_percent():
    critical = stats.t.ppf(0.975, 7)
    assert stats.nct.sf(critical, 7, power_factor(7)) == pytest.approx(0.8, abs=1e-6)
