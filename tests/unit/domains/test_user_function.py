"""A user's function is loaded once, and numbers of any library are read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from xdomain.config.function import FunctionConfig
from xdomain.domains.user_function import UserFunction, plain_number


def test_it_is_imported_on_the_first_call_and_once(tmp_path: Path) -> None:
    (tmp_path / "counted.py").write_text("calls = []\ndef f(value):\n    calls.append(value)\n    return len(calls)\n")
    function = UserFunction(FunctionConfig(function="counted:f", folder=str(tmp_path)), arguments=1)
    (tmp_path / "counted.py").touch()
    assert [function.call("a"), function.call("b")] == [(1, ""), (2, "")]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((True, True), (2, 2.0), (np.bool_(False), False), (np.float16(0.5), 0.5), (np.array(3), 3.0)),
        *(("1", None), (None, None), (np.array([1, 2]), None), (10**400, None), (Fraction(1, 2), None)),
        (np.float64, None),
    ],
)
def test_plain_numbers(value: object, number: float | bool | None) -> None:
    found = plain_number(value)
    assert found == number
    assert type(found) is type(number)
