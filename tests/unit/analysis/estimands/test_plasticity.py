"""Plasticity."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_difference_from_the_last_phase_alone(result, level):
    plasticity, pair = result.matrices["plasticity"], "math -> science"
    assert close(plasticity.cell(pair, "science"), level(pair, "science") - level("science", "science"))
    assert plasticity.cell(pair, "math") is None


def test_the_control_has_one_too(result, level):
    cell = result.matrices["plasticity"].cell("math -> math", "math")
    assert close(cell, level("math -> math", "math") - level("math", "math"))
