"""Values of cells: missing values, plain JSON, and numbers in the spelling of their file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from numbers import Number
from typing import Any

from xdomain.core.json_text import parse_json

MISSING_TYPES = ("NAType", "NaTType")
"""Types of pandas' missing values, by name, so that pandas need not be imported."""


class WrittenNumber(float):
    """A number that keeps its spelling: `str` gives "1.10" if the file says 1.10."""

    def __new__(cls, text: str) -> WrittenNumber:
        number = super().__new__(cls, text)
        number.text = str(text)
        return number

    text: str

    def __str__(self) -> str:
        return self.text


def is_null(value: Any) -> bool:
    """Return whether a cell is missing: None, NaN, or the missing value of pandas."""
    if value is None or type(value).__name__ in MISSING_TYPES:
        return True
    return isinstance(value, Number) and bool(value != value)  # noqa: PLR0124 -- only NaN differs from itself


def readable(value: Any) -> Any:
    """Return a cell as text, number, list or mapping, or None if it is missing.

    Raises:
        UnicodeDecodeError: The cell holds bytes that are not UTF-8.
    """
    if hasattr(value, "tolist"):  # scalars and arrays of numpy
        value = value.tolist()
    if is_null(value):
        return None
    if isinstance(value, Decimal):
        return WrittenNumber(format(value, "f"))
    if isinstance(value, date | time):
        return value.isoformat()
    return value.decode("utf-8") if isinstance(value, bytes) else value


def plain_json(value: Any) -> Any:
    """Return a cell as plain JSON, including nested values."""
    if isinstance(value, str | bool | int | None):
        return value
    value = readable(value)
    if isinstance(value, Mapping):
        return {str(key): plain_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(part) for part in value]
    return float(value) if isinstance(value, float) else value


def written(value: Any) -> str | None:
    """Return a text unchanged or a finite number in the spelling of its file, or None for anything else."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and abs(value) != float("inf") else None


def load_json(text: str) -> Any:
    """Parse JSON. Numbers keep their spelling.

    Raises:
        ValueError: The text is not JSON, is nested too deeply, or lists a key of an object twice.
    """
    return parse_json(text, parse_float=WrittenNumber)
