"""Values of the standard library, made of what a message says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from xdomain.domains.sandbox.kinds import builtin_value, is_builtin, library_value


def test_library_values_are_made_of_their_arguments() -> None:
    assert library_value("fractions", "Fraction", [1, 3]) == Fraction(1, 3)
    assert str(library_value("decimal", "Decimal", ["1.50"])) == "1.50"


@pytest.mark.parametrize(
    ("module", "name", "parts", "error"),
    [
        ("os", "system", ["true"], KeyError),
        ("decimal", "Context", [], KeyError),
        ("fractions", "Fraction", ["1e999999999"], TypeError),
        ("fractions", "Fraction", [1 << 100_000, 3], TypeError),
    ],
)
def test_no_other_name_and_nothing_endless(module: str, name: str, parts: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        library_value(module, name, parts)


def test_builtin_types_and_a_few_functions_travel_by_name() -> None:
    assert builtin_value("int") is int
    assert builtin_value("sorted") is sorted
    assert not any(map(is_builtin, ("eval", "open", "__import__", "missing")))
    with pytest.raises(KeyError):
        builtin_value("eval")
