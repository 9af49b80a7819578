"""Mix gain over every order."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_smallest_difference_from_any_order(result, level):
    orders = ("math -> science", "science -> math")
    for t in ("math", "science", "logic"):
        expected = min(level("math + science", t) - level(order, t) for order in orders)
        assert close(result.matrices["mix_gain"].cell("math + science", t), expected)
