"""Means of amounts that may not have been recorded."""

from __future__ import annotations

from xdomain.analysis.means import mean_if_all_known, mean_of_known


def test_unknown_values_are_left_out_or_make_the_mean_unknown() -> None:
    assert mean_of_known([1.0, None, 4.0]) == 2.5
    assert mean_if_all_known([1.0, None, 4.0]) is None
    assert mean_if_all_known([0, 4]) == mean_of_known([0, 4]) == 2


def test_nothing_has_no_mean() -> None:
    assert mean_of_known([]) is None
    assert mean_of_known([None]) is None
    assert mean_if_all_known([]) is None
