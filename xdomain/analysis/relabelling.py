"""Score predictions of cells that belong to ordered pairs of domains.

Cells of one row or column share a domain, so they are not independent, and a usual p of a rank correlation is too
small. The relabelling test permutes the domains of the measured cells, rows and columns together.

    p = share of the labellings whose rank correlation is at least the observed one

The observed labelling counts, so with n domains p is at least 1/n!. Up to `MOST_ENUMERATED` domains all labellings are
tried, and beyond that `DRAWS` random ones.

Source: the quadratic assignment procedure (Hubert and Schultz 1976, Mantel 1967).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

import numpy as np
from scipy.stats import rankdata

from xdomain.analysis.columns import FloatArray, IntArray

MOST_ENUMERATED = 7
DRAWS = 9_999
FEWEST = 3
"""Fewest domains whose cells are scored."""
FEWEST_LEFT_OUT = 4
"""Fewest domains for leaving one out: the others then have six cells to fit a line to."""
ROUNDING = 1e-12
DECIMALS = 12


def rank_correlation(one: FloatArray, other: FloatArray) -> float | None:
    """Return Spearman's rank correlation; None if all values of one side are equal."""
    first, second = _standard_ranks(one), _standard_ranks(other)
    return None if first is None or second is None else float(first @ second)


def cells(n_domains: int) -> IntArray:
    """Return row and column of each cell off the diagonal, [cells, 2], in row order."""
    return np.array([(row, column) for row in range(n_domains) for column in range(n_domains) if row != column])


@lru_cache
def labellings(n_domains: int) -> IntArray:
    """Return the position of the cell that each cell becomes under each labelling, [labellings, cells].

    The first labelling is the observed one.
    """
    if n_domains <= MOST_ENUMERATED:
        orders = np.array(list(permutations(range(n_domains))))
    else:
        random = np.random.default_rng(0)
        drawn = [random.permutation(n_domains) for _ in range(DRAWS)]
        orders = np.array([np.arange(n_domains), *drawn])
    places = cells(n_domains)
    position = np.full((n_domains, n_domains), -1, dtype=np.intp)
    position[places[:, 0], places[:, 1]] = np.arange(len(places))
    found: IntArray = position[orders[:, places[:, 0]], orders[:, places[:, 1]]]
    return found


def relabelling_p(predicted: FloatArray, measured: FloatArray, n_domains: int) -> float | None:
    """Return the one-sided p of the rank correlation; None if all values of one side are equal.

    Args:
        predicted: Predictions in the order of `cells`.
        measured: Measured values in the same order.
        n_domains: Number of domains.
    """
    first, second = _standard_ranks(predicted), _standard_ranks(measured)
    if first is None or second is None:
        return None
    correlations = second[labellings(n_domains)] @ first
    return float((correlations >= correlations[0] - ROUNDING).mean())


def left_out_r2(predicted: FloatArray, measured: FloatArray, n_domains: int) -> float | None:
    """Return R2 of cells whose domain was left out of the fit of a line; None for fewer than four domains.

    For each domain, the line is fitted to the cells without it, and predicts the cells with it. Every cell is predicted
    twice. R2 compares with the mean of the cells that were fitted, so it is negative if the line predicts worse.
    """
    if n_domains < FEWEST_LEFT_OUT:
        return None
    places = cells(n_domains)
    missed = spread = 0.0
    for domain in range(n_domains):
        held = (places == domain).any(axis=1)
        line = _line(predicted[~held], measured[~held])
        missed += float(((measured[held] - line[0] - line[1] * predicted[held]) ** 2).sum())
        spread += float(((measured[held] - measured[~held].mean()) ** 2).sum())
    return 1 - missed / spread if spread > 0 else None


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line."""
    rest = x - x.mean()
    slope = float(rest @ y / (rest @ rest)) if rest @ rest > 0 else 0.0
    return float(y.mean() - slope * x.mean()), slope


def _standard_ranks(values: FloatArray) -> FloatArray | None:
    """Return ranks with mean 0 and length 1; None if all are equal. Values that differ by rounding only are tied."""
    ranks = rankdata(values.round(DECIMALS)) - (len(values) + 1) / 2
    length = float(np.sqrt(ranks @ ranks))
    return ranks / length if length > 0 else None
