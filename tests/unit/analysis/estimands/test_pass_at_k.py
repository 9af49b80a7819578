"""pass@k."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from xdomain.analysis.estimands.pass_at_k import pass_at_k


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_answer(n):
    for k in range(1, n + 1):
        for c in range(n + 1):
            exact = 1 - Fraction(math.comb(n - c, k), math.comb(n, k))
            found = pass_at_k(np.array([n]), np.array([c]), k)[0]
            assert found == pytest.approx(float(exact), abs=1e-9)


def test_pass_at_k_needs_k_samples():
    assert np.isnan(pass_at_k(np.array([3]), np.array([1]), 4)[0])


def test_it_rises_with_k(result):
    levels = [result.matrices[name].cell("math", "science").estimate for name in ("accuracy", "pass_at_2", "pass_at_4")]
    assert levels == sorted(levels)
    assert levels[0] < levels[2]


def test_there_is_none_beyond_the_samples(result):
    assert "pass_at_8" not in result.matrices
