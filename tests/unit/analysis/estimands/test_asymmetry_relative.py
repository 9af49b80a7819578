"""Asymmetry of relative transfer."""

from __future__ import annotations

from tests.support.cells import close


def gain(level, a, d):
    return level(a, d) - level("base", d)


def test_it_is_the_difference_of_two_ratios(result, level):
    expected = gain(level, "math", "science") / gain(level, "science", "science")
    expected -= gain(level, "science", "math") / gain(level, "math", "math")
    assert close(result.matrices["asymmetry_relative"].cell("math", "science"), expected)
