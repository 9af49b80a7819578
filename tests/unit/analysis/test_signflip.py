"""The sign-flip test: exact McNemar for single answers, all flips for several, near the t-test off the lattice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from xdomain.analysis.signflip import sign_flip_p


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
