"""Exact sign-flip permutation test on items, for one seed.

Under "no effect", each item's difference is equally likely to be positive or negative. With K samples per item, the
differences are multiples of 1/K, so the null distribution of their sum is a convolution of binomials and is computed
exactly. With one sample (differences -1, 0, 1) it is the exact McNemar test. Values without such a common unit (partial
credit) are tested by seeded random flips.

Source: method section 3 (Fisher's randomisation test); the convolution is ours.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np
from scipy import stats

from xdomain.analysis.columns import FloatArray
from xdomain.core.seeds import derive_seed

LARGEST_LATTICE = 5_000
RANDOM_FLIPS = 9_999


def sign_flip_p(values: FloatArray) -> float:
    """Return the two-sided p of "the mean is 0" for item (or cluster) differences, shape [n]."""
    values = values[np.abs(values) > 1e-12]
    if not len(values):
        return 1.0
    unit = _lattice(values)
    if unit is None:
        return _random_flips(values)
    sizes, counts = np.unique(np.rint(np.abs(values) * unit).astype(np.int64), return_counts=True)
    if int((sizes * counts).sum()) > 200 * LARGEST_LATTICE:
        return _random_flips(values)
    distribution = np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        # A sum of `count` signs times `size`: support -size*count, ..., +size*count in steps of 2*size.
        weights = np.zeros(2 * size * count + 1)
        weights[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        distribution = np.convolve(distribution, weights)
    reach = (len(distribution) - 1) // 2
    observed = abs(int(np.rint(values.sum() * unit)))
    return float(min(1.0, 2 * distribution[reach + observed :].sum())) if observed else 1.0


def _lattice(values: FloatArray) -> int | None:
    """Return the smallest whole number that makes all values whole; None if there is no small one."""
    unit = 1
    for value in np.unique(np.abs(values)):
        unit = lcm(unit, Fraction(float(value)).limit_denominator(LARGEST_LATTICE).denominator)
        if unit > LARGEST_LATTICE:
            return None
    return unit if np.allclose(values * unit, np.rint(values * unit), atol=1e-6) else None


def _random_flips(values: FloatArray) -> float:
    generator = np.random.default_rng(derive_seed("sign-flip", len(values)))
    size = np.sort(np.abs(values))
    total = abs(values.sum()) - 1e-9
    beyond = 0
    for start in range(0, RANDOM_FLIPS, 1_000):
        signs = generator.integers(0, 2, (min(1_000, RANDOM_FLIPS - start), len(size)), dtype=np.int8) * 2 - 1
        beyond += int((np.abs(signs @ size) >= total).sum())
    return (beyond + 1) / (RANDOM_FLIPS + 1)
