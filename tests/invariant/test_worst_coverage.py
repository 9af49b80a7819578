"""Coverage of the difference of two minima, whose value a plain minimum of estimates misses."""

from __future__ import annotations

import numpy as np
import pytest

from xdomain.analysis.inference import Estimate
from xdomain.analysis.worst import difference_of_minima

REPLICATIONS = 2000
CASES = {
    "all alike": ([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]),
    "one clear worst": ([0.0, 0.1, 0.2, 0.2], [0.0, 0.1, 0.2, 0.2]),
    "another worst": ([0.0, 0.03, 0.1, 0.1], [0.05, 0.0, 0.1, 0.1]),
    "better by 5 points": ([0.05, 0.06, 0.2, 0.2], [0.0, 0.1, 0.2, 0.2]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_interval_covers_and_p_does_not_overreject(name: str) -> None:
    left, right = (np.array(side) for side in CASES[name])
    truth = left.min() - right.min()
    draw = np.random.default_rng(0)
    # A run's four accuracies with independent errors of 1 point; base and items cancel in pairs on one domain.
    sd, k = 0.01, 4
    covered = rejected = 0
    for _ in range(REPLICATIONS):
        a, b = left + sd * draw.standard_normal(k), right + sd * draw.standard_normal(k)
        parts = [[Estimate(a[d] - b[e], 2 * sd**2, 200.0, 300, 5) for e in range(k)] for d in range(k)]
        found = difference_of_minima(parts)
        assert found.low <= found.value <= found.high
        covered += found.low <= truth <= found.high
        rejected += found.p is not None and found.p <= 0.05
    coverage, rejection = covered / REPLICATIONS, rejected / REPLICATIONS
    print(f"\n| worst domain | {name} | coverage {coverage:.3f} | rejected {rejection:.3f} |")
    assert coverage >= 0.95
    if truth == 0:
        assert rejection <= 0.05
    else:
        assert rejection > 0.5
