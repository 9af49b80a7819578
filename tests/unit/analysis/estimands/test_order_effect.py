"""Order effects."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_difference_of_both_orders(result, level):
    for t in ("math", "science", "logic"):
        cell = result.matrices["order_effect"].cell("math, science", t)
        assert close(cell, level("math -> science", t) - level("science -> math", t))


def test_a_control_has_no_order(result):
    assert "math, math" not in result.matrices["order_effect"].rows
