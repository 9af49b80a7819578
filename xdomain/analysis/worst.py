"""The worst of several domains under two runs: a difference of minima, with a corrected interval.

    min_d a_d - min_e b_e = min over d of max over e of (a_d - b_e) = max over e of min over d of (a_d - b_e)

The limits of all k x k differences therefore bound it. The lower limit uses the first form: for the d with the truly
smallest a, every a_d - b_e is at most the wanted value, and all k lower limits at level 0.025/k hold together. The
upper limit uses the second form.

Source: ours. At k = 4 the interval covers 98.6 to 100% in simulation, and p rejects at most 1.5% at the null
(tests/invariant/test_worst_coverage.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from xdomain.analysis.inference import Estimate
from xdomain.analysis.maxima import Extreme

LEAST_ERROR = 1e-9


def difference_of_minima(parts: Sequence[Sequence[Estimate]]) -> Extreme:
    """Return min_d a_d - min_e b_e.

    Args:
        parts: Estimate of a_d - b_e in row d and column e, shape [k, k], each with a known variance.

    Returns:
        The extreme. Its p tests "there is no difference": a one-sided p of each a_d - b_e, Bonferroni over the columns
            (rows), the largest over the rows (columns), as in an intersection-union test.
    """
    values = np.array([[part.value for part in row] for row in parts])
    # Two runs with identical answers to every item have no error.
    errors = np.maximum([[part.error for part in row] for row in parts], LEAST_ERROR)
    degrees = np.array([[part.degrees for part in row] for row in parts])
    k = len(parts)
    reach = special.stdtrit(degrees, 1 - 0.025 / k) * errors
    above = special.stdtr(degrees, -values / errors)
    below = special.stdtr(degrees, values / errors)
    better, worse = k * above.min(axis=1).max(), k * below.min(axis=0).max()
    return Extreme(
        value=float(values.max(axis=1).min()),
        low=float((values - reach).max(axis=1).min()),
        high=float((values + reach).min(axis=0).max()),
        p=float(min(1.0, 2 * min(better, worse))),
    )
