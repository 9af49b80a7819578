"""The change of every run from the base."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_difference_from_the_base(result, level):
    cell = result.matrices["change"].cell("math -> logic", "science")
    assert close(cell, level("math -> logic", "science") - level("base", "science"))


def test_single_rows_of_change_are_those_of_transfer(result):
    assert result.matrices["change"].cell("math", "science") == result.matrices["transfer"].cell("math", "science")
