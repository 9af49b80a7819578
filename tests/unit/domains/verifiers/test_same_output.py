"""What a program printed or returned, compared with what is expected."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from xdomain.domains.verifiers.same_output import Tolerance, same_output, same_value

NEAR = Tolerance(1e-6, 1e-6)


@pytest.mark.parametrize(
    ("output", "expected", "compare", "same"),
    [
        ("1 2 \n\n", "1 2", "exact", True),
        ("1  2", "1 2", "exact", False),
        ("1\n2", "1 2", "tokens", True),
        ("1\n2", "1 2", "lines", False),
        ("0.3333333", "0.33333333", "lines", True),
        ("3.0", "3", "lines", True),
        ("3.0000001", "3", "lines", False),
        ("007", "7", "lines", False),
        ("[1,2]", "[1, 2]", "lines", True),
        ("(1, 2)", "[1, 2]", "lines", False),
        ("{'a': 1}", '{"a": 1}', "lines", True),
        ("True", "1", "lines", False),
        ("inf", "1e400", "lines", False),
        ("", "1", "lines", False),
    ],
)
def test_printed(output: str, expected: str, compare: str, same: bool) -> None:
    assert same_output(output, expected, compare, NEAR) is same


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        ((1, 2), [1, 2], True),
        (deque([1]), [1], True),
        ({3, 1.0000000001}, [1.0, 3], True),
        ({1}, [1, 1], False),
        ({1: "a"}, {"1": "a"}, True),
        ({True: 1}, {"true": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (Fraction(1, 3), 0.3333333333, True),
        (Decimal("0.5"), 0.5, True),
        (2**2000, 1.0, False),
        (float("nan"), float("nan"), True),
        (True, 1, True),
        ("1", 1, False),
        (None, None, True),
        ([], "", False),
    ],
)
def test_returned(value: Any, expected: Any, same: bool) -> None:
    assert same_value(value, expected, NEAR) is same
