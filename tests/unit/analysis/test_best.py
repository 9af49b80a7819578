"""Sets of runs that are not beaten."""

from __future__ import annotations


def test_best_sets_hold_the_leader(result):
    for best in result.summary.best:
        assert best.leading in best.not_beaten
        assert set(best.not_beaten) <= set(best.candidates)
        assert best.margin.estimate >= 0
