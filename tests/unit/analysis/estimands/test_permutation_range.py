"""The range over orders."""

from __future__ import annotations

from tests.support.grids import family


def test_permutation_range_takes_noise_off(result, level):
    orders = [name for name in family(("math", "science", "logic"), triples=True) if name.count("->") == 2]
    values = [level(order, "science") for order in orders]
    found = result.matrices["permutation_range"].cell("logic, math, science", "science")
    assert 0 <= found.estimate < max(values) - min(values)
    assert found.low <= max(values) - min(values) <= found.high
