"""Compare the output or result of a program with the expected one."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
"""A complete decimal number. 007 does not match, since it may be a code or binary digits."""

LONGEST_LITERAL = 10_000
"""Largest number of characters in a line that is read as a Python value. As JSON a line may be longer."""

# Python warns of what looks odd in a literal. In foreign output that says nothing to anyone.
warnings.filterwarnings("ignore", category=SyntaxWarning, module="<unknown>")

LONGEST_NUMBER = 1000
"""Largest number of characters in numbers that are compared exactly although they are written differently."""


@dataclass(frozen=True)
class Tolerance:
    """Largest difference between a decimal fraction and the expected one. The larger of both bounds applies."""

    relative: float
    absolute: float

    def accepts(self, value: float, expected: float) -> bool:
        if math.isnan(expected) or math.isinf(value):
            return value == expected or (math.isnan(value) and math.isnan(expected))
        return math.isclose(value, expected, rel_tol=self.relative, abs_tol=self.absolute)


def same_output(output: str, expected: str, compare: str, tolerance: Tolerance) -> bool:
    """Return whether printed output equals the expected output.

    Args:
        output: Printed output.
        expected: Expected output.
        compare: Kind of comparison, as in `UnitTestVerifier`.
        tolerance: Tolerance of decimal fractions.
    """
    if compare == "exact":
        return stripped_lines(output) == stripped_lines(expected)
    if compare == "tokens":
        output, expected = " ".join(output.split()), " ".join(expected.split())
    lines, wanted = filled_lines(output), filled_lines(expected)
    return len(lines) == len(wanted) and all(
        same_line(line, other, tolerance) for line, other in zip(lines, wanted, strict=True)
    )


def stripped_lines(output: str) -> list[str]:
    return [line.rstrip() for line in output.rstrip().split("\n")]


def filled_lines(output: str) -> list[str]:
    return [line for line in output.split("\n") if line.strip()]


def same_line(line: str, expected: str, tolerance: Tolerance) -> bool:
    """Return whether two lines are equal token by token, or as a Python or JSON value (`[1,2]` and `[1, 2]`)."""
    tokens, wanted = line.split(), expected.split()
    if len(tokens) == len(wanted) and all(
        same_token(token, other, tolerance) for token, other in zip(tokens, wanted, strict=True)
    ):
        return True
    if not expected.lstrip().startswith(("[", "(", "{", '"', "'")):
        return False
    value, wanted_value = literal(line), literal(expected)
    return value is not None and wanted_value is not None and same_literal(value[0], wanted_value[0], tolerance)


def same_token(token: str, expected: str, tolerance: Tolerance) -> bool:
    """Return whether two tokens are equal texts or equal numbers.

    Numbers have to be equal exactly if the expected one is written as an integer, otherwise within tolerance.
    """
    if token == expected:
        return True
    if NUMBER.fullmatch(token) is None or NUMBER.fullmatch(expected) is None:
        return False
    value, wanted = float(token), float(expected)
    is_integer = "." not in expected and "e" not in expected.lower()
    if is_integer or math.isinf(value) or math.isinf(wanted):
        return max(len(token), len(expected)) <= LONGEST_NUMBER and Decimal(token) == Decimal(expected)
    return tolerance.accepts(value, wanted)


def literal(line: str) -> tuple[Any] | None:
    """Return the JSON or Python value of a line in a tuple, or None if it has none."""
    readers: list[Callable[[str], Any]] = [json.loads]
    if len(line) <= LONGEST_LITERAL:
        readers.append(ast.literal_eval)
    for read in readers:
        try:
            return (read(line.strip()),)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def same_literal(value: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Return whether printed values are equal. Their types count: a tuple is not a list, and `True` is not 1."""
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(expected, list | tuple | dict):
        if type(value) is not type(expected) or len(value) != len(expected):
            return False
        if isinstance(expected, dict):
            return all(key in value and same_literal(value[key], expected[key], tolerance) for key in expected)
        return all(same_literal(child, other, tolerance) for child, other in zip(value, expected, strict=True))
    return same_value(value, expected, tolerance)


def same_value(value: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Return whether a returned value equals a JSON value.

    JSON has neither tuples nor sets. A tuple or deque equals the list of its items, and a set equals any list of its
    members. Booleans are numbers, as in Python. Integers have to be equal exactly, decimal fractions within tolerance.
    """
    if isinstance(expected, list | tuple):
        if isinstance(value, set | frozenset):
            return same_members(value, expected, tolerance)
        return (
            isinstance(value, list | tuple | deque)
            and len(value) == len(expected)
            and all(same_value(child, other, tolerance) for child, other in zip(value, expected, strict=True))
        )
    if isinstance(expected, Mapping):
        return isinstance(value, dict) and same_mapping(value, expected, tolerance)
    if isinstance(expected, float) and isinstance(value, int | float | Decimal | Fraction):
        return tolerance.accepts(as_float(value), expected)
    numbers = (int, float, Decimal, Fraction)
    comparable = isinstance(value, numbers) if isinstance(expected, numbers) else type(value) is type(expected)
    return comparable and bool(value == expected)


def as_float(number: float | Decimal | Fraction) -> float:
    """Return a number as a float, infinite if it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def same_members(value: set[Any] | frozenset[Any], expected: Sequence[Any], tolerance: Tolerance) -> bool:
    """Return whether a set has exactly the expected members, each listed once."""
    if len(value) != len(expected):
        return False
    left = set(value)
    inexact = []
    for other in map(hashable, expected):
        if other in left:
            left.remove(other)
        else:
            inexact.append(other)
    for other in inexact:
        near = [child for child in left if same_value(child, other, tolerance)]
        if not near:
            return False
        left.remove(near[0])
    return not left


def hashable(value: Any) -> Any:
    """Return a JSON value with tuples instead of lists, so that it can be a member of a set."""
    return tuple(map(hashable, value)) if isinstance(value, list | tuple) else value


def same_mapping(value: dict[Any, Any], expected: Mapping[str, Any], tolerance: Tolerance) -> bool:
    """Return whether keys and values are equal. Keys are compared in the form in which JSON or `str` writes them."""
    children: dict[str, Any] = {}
    for key, child in value.items():
        plain = isinstance(key, bool | int | float | type(None))
        written = json.dumps(key) if plain else str(key)
        children[str(key) if plain and str(key) in expected else written] = child
    return (
        len(children) == len(value)
        and children.keys() == set(expected)
        and all(same_value(child, expected[key], tolerance) for key, child in children.items())
    )
