"""Decimals, points and signs as a person reads them."""

from __future__ import annotations

import pytest

from xdomain.analysis.result import Unit
from xdomain.core.number_text import decimals, points
from xdomain.report.numbers import MINUS, estimate_text


@pytest.mark.parametrize(
    ("fraction", "plain", "signed"),
    [(0.155, "15.5", "+15.5"), (-0.155, "-15.5", "-15.5"), (0.0, "0.0", "0.0"), (-0.0, "0.0", "0.0"),
     (0.0004, "0.0", "0.0"), (-0.0004, "0.0", "0.0"), (0.00051, "0.1", "+0.1"), (-1.0, "-100.0", "-100.0")],
)  # fmt: skip
def test_points_have_one_decimal_and_a_zero_no_sign(fraction: float, plain: str, signed: str) -> None:
    assert (points(fraction), points(fraction, sign=True)) == (plain, signed)


@pytest.mark.parametrize(("value", "digits", "text"), [(-0.004, 2, "0.00"), (-0.006, 2, "-0.01"), (1234.5, 0, "1234")])
def test_decimals(value: float, digits: int, text: str) -> None:
    assert decimals(value, digits) == text


@pytest.mark.parametrize("unit", ["fraction", "ratio", "logit", "odds ratio"])
@pytest.mark.parametrize("value", [-0.1234, -0.0001, 0.0, 0.0001, 0.1234, 1.0])
def test_tables_write_the_same_digits_with_a_minus_of_full_width(unit: Unit, value: float) -> None:
    plain = points(value) if unit == "fraction" else decimals(value, 2)
    assert estimate_text(unit, value, signed=False) == plain.replace("-", MINUS)
