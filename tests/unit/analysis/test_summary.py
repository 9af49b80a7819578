"""The means of the summary."""

from __future__ import annotations

import numpy as np

from tests.support.cells import close

DOMAINS = ("math", "science", "logic")


def test_means_of_transfer_are_over_pairs(result, level):
    diagonal = np.mean([level(d, d) - level("base", d) for d in DOMAINS])
    assert close(result.summary.mean_diagonal_transfer, diagonal)
    assert result.summary.mean_diagonal_transfer.low > 0
    cross = np.mean([level(a, d) - level("base", d) for a in DOMAINS for d in DOMAINS if a != d])
    assert close(result.summary.mean_cross_transfer, cross)
