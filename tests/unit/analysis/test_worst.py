"""A difference of minima."""

from __future__ import annotations

from xdomain.analysis.inference import Estimate
from xdomain.analysis.worst import difference_of_minima


def table(first: list[float], second: list[float], error: float) -> list[list[Estimate]]:
    return [[Estimate(a - b, error**2, 50.0, 100, 1) for b in second] for a in first]


def test_value_is_the_difference_of_the_two_minima() -> None:
    found = difference_of_minima(table([0.5, 0.3, 0.9], [0.8, 0.1], 0.01))
    assert abs(found.value - 0.2) < 1e-12
    assert found.low < found.value < found.high
    assert found.p < 0.001


def test_the_other_way_round_has_the_other_sign() -> None:
    one = difference_of_minima(table([0.5, 0.3], [0.8, 0.1], 0.1))
    other = difference_of_minima(table([0.8, 0.1], [0.5, 0.3], 0.1))
    assert abs(one.value + other.value) < 1e-12
    assert abs(one.p - other.p) < 1e-12


def test_runs_that_answer_alike() -> None:
    found = difference_of_minima(table([0.5, 0.3], [0.5, 0.3], 0.0))
    assert abs(found.value) < 1e-12
    assert found.p == 1.0
    assert found.low <= 0 <= found.high
