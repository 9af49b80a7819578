"""Relative transfer."""

from __future__ import annotations

from tests.support.cells import close


def gain(level, a, d):
    return level(a, d) - level("base", d)


def test_it_is_the_ratio_to_the_own_training_of_the_domain(result, level):
    matrix = result.matrices["relative_transfer"]
    expected = gain(level, "math", "science") / gain(level, "science", "science")
    assert close(matrix.cell("math", "science"), expected)
    own = matrix.cell("math", "math")
    assert (own.estimate, own.low, own.high, own.note) == (1.0, 1.0, 1.0, "1 by definition")
