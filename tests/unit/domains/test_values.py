"""Values of cells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xdomain.core.json_text import RepeatedKeyError
from xdomain.domains.values import WrittenNumber, is_null, load_json, plain_json, readable, written


@pytest.mark.parametrize("value", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT])
def test_missing(value: Any) -> None:
    assert is_null(value)
    assert plain_json({"a": [value]}) == {"a": [None]}


@pytest.mark.parametrize("value", ["", "nan", 0, False, [], "None"])
def test_not_missing(value: Any) -> None:
    assert not is_null(value)


def test_numbers_keep_their_spelling() -> None:
    assert str(load_json("1.10")) == "1.10"
    assert load_json("1.10") == 1.1
    assert written(readable(Decimal("2.50"))) == "2.50"
    assert written(WrittenNumber("1e5")) == "1e5"


def test_cells_of_numpy_and_others() -> None:
    assert readable(np.array([1, 2])) == [1, 2]
    assert readable(date(2026, 11, 28)) == "2026-11-28"
    assert readable("é".encode()) == "é"
    with pytest.raises(UnicodeDecodeError):
        readable(b"\xff")


@pytest.mark.parametrize("value", [True, None, [1], float("inf")])
def test_what_has_no_text(value: Any) -> None:
    assert written(value) is None


def test_json_that_is_refused() -> None:
    with pytest.raises(RepeatedKeyError, match='"a" is listed twice'):
        load_json('{"a": 1, "a": 2}')
    with pytest.raises(ValueError, match="nested too deeply"):
        load_json("[" * 200_000)
