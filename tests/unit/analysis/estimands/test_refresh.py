"""Refresh."""

from __future__ import annotations

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse


def test_it_is_what_a_return_to_an_earlier_domain_brings_back():
    back, before = "math -> science -> math", "math -> science"
    result = analyse(make_grid(("math", "science"), ("math", "science", before, back), (0, 1), n_items=30))
    cell = result.matrices["refresh"].cell(back, "math")
    accuracy = result.accuracy
    expected = accuracy.cell(back, "math").estimate - accuracy.cell(before, "math").estimate
    assert cell.estimate == pytest.approx(expected)
    assert cell.compares == (back, before)
    assert result.matrices["refresh"].rows == (back,)
