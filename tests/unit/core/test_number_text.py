"""Decimals, points and signs as a person reads them."""

from __future__ import annotations

import pytest

from xdomain.analysis.result import Unit
from xdomain.core.number_text import bracketed, decimals, points
from xdomain.report.numbers import estimate_text


@pytest.mark.parametrize(
    ("fraction", "plain", "signed"),
    [(0.155, "15.5", "+15.5"), (-0.155, "−15.5", "−15.5"), (0.0, "0.0", "0.0"), (-0.0, "0.0", "0.0"),
     (0.0004, "0.0", "0.0"), (-0.0004, "0.0", "0.0"), (0.00051, "0.1", "+0.1"), (-1.0, "−100.0", "−100.0")],
)  # fmt: skip
def test_points_have_one_decimal_and_a_zero_no_sign(fraction: float, plain: str, signed: str) -> None:
    assert (points(fraction), points(fraction, sign=True)) == (plain, signed)


@pytest.mark.parametrize(("value", "digits", "text"), [(-0.004, 2, "0.00"), (-0.006, 2, "−0.01"), (1234.5, 0, "1234")])
def test_decimals(value: float, digits: int, text: str) -> None:
    assert decimals(value, digits) == text


@pytest.mark.parametrize("unit", ["fraction", "ratio", "logit", "odds ratio"])
@pytest.mark.parametrize("value", [-0.1234, -0.0001, 0.0, 0.0001, 0.1234, 1.0])
def test_tables_write_the_same_digits_as_sentences(unit: Unit, value: float) -> None:
    text = points(value) if unit == "fraction" else decimals(value, 2)
    assert estimate_text(unit, value, signed=False) == text
    assert "-" not in text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.091, 0.218, "[9.1, 21.8]"), (-0.01, None, "[−1.0, ∞]"), (None, 0.0, "[−∞, 0.0]"), (None, None, "")],
)
def test_an_interval_has_square_brackets_and_an_open_end_is_infinite(low, high, text) -> None:
    assert bracketed(low, high) == text


def test_an_interval_is_written_in_the_unit_that_is_asked_for() -> None:
    assert bracketed(0.5, 2.0, lambda value: decimals(value, 2)) == "[0.50, 2.00]"
