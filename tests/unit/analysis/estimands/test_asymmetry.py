"""Asymmetry in points."""

from __future__ import annotations

from tests.support.cells import close


def gain(level, a, d):
    return level(a, d) - level("base", d)


def test_it_is_the_difference_of_two_transfers(result, level):
    cell = result.matrices["asymmetry"].cell("math", "science")
    assert close(cell, gain(level, "math", "science") - gain(level, "science", "math"))


def test_both_sides_of_a_pair_are_one_test(result):
    matrix = result.matrices["asymmetry"]
    one, other = matrix.cell("math", "science"), matrix.cell("science", "math")
    assert one.estimate == -other.estimate
    assert one.p_adjusted == other.p_adjusted
    assert other.word == one.opposite_word
    assert result.summary.tested["asymmetry"] == 3
