"""Retention."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_difference_from_the_parent_on_earlier_domains(result, level):
    retention, pair, triple = result.matrices["retention"], "math -> science", "math -> science -> logic"
    assert close(retention.cell(pair, "math"), level(pair, "math") - level("math", "math"))
    assert retention.cell(pair, "science") is None
    assert close(retention.cell(triple, "math"), level(triple, "math") - level(pair, "math"))
    assert close(retention.cell(triple, "science"), level(triple, "science") - level(pair, "science"))
