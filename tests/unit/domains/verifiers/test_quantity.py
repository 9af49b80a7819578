"""Reading a number from the text of an answer: all of it, or nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from xdomain.domains.verifiers.quantity import Quantity, arithmetic, read_quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("18", "18", ""),
        ("18 cups", "18", "cups"),
        ("$1,234.50", "1234.5", "$"),
        ("1 1/2", "3/2", ""),
        ("\\frac{3}{4}", "3/4", ""),
        ("1.2 \\times 10^3", "1200", ""),
        ("6.02e23", "6.02e23", ""),
        ("v_0 = 12", "12", ""),
        ("12 = v", "12", ""),
        ("3 + 4 = 7", "7", ""),
        ("negative 5", "-5", ""),
        ("−5", "-5", ""),
        ("50%", "50", "%"),
        ("2.5 million", "2500000", ""),
        ("$3k", "3000", "$"),
        ("about 12 km/h", "12", "km/h"),
        ("Janet makes 18 dollars", "18", "dollars"),
        ("(-5)", "-5", ""),
    ],
)
def test_one_number(text: str, value: str, unit: str) -> None:
    found = read_quantity(text)
    assert found is not None
    assert (found.value, found.unit) == (Fraction(value), unit)


@pytest.mark.parametrize(
    "text", ["", "none", "3:1", "2x", "5 or 6", "3, 4", "52_7", "4 = 5", "1/0", "2^10000", "x" * 2000]
)
def test_what_states_none_or_several(text: str) -> None:
    assert read_quantity(text) is None


def test_decimals_and_what_they_round() -> None:
    assert read_quantity("4.670") == Quantity(Fraction("4.67"), "", 3)
    found = read_quantity("14/3 ≈ 4.67")
    assert found is not None
    assert found.exact == Fraction(14, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2*(3+4)", 14), ("7/2", Fraction(7, 2)), ("-3 - -4", 1), ("2**3", None), ("1/0", None), ("x", None)],
)
def test_sums_and_products(text: str, value: Fraction | None) -> None:
    assert arithmetic(text) == value
