"""Parse JSON from other sources. Repeated keys and deep nesting are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

DEEPEST = 100
TOO_DEEP = f"it is nested too deeply, more than {DEEPEST} levels"
LARGEST_INTEGER = 2**63 - 1


class RepeatedKeyError(ValueError):
    """A JSON object that lists a key twice."""


def parse_json(text: str, *, parse_float: Callable[[str], Any] = float, parse_int: Callable[[str], Any] = int) -> Any:
    """Return the value of a JSON text. NaN and infinities are read as Python's `json` reads them.

    Args:
        text: JSON text.
        parse_float: Function that converts the text of a number.
        parse_int: Function that converts the text of an integer. `small_integer` refuses more than 64 bits.

    Raises:
        ValueError: `text` is not JSON, is nested more than `DEEPEST` levels deep, or lists a key of an object twice.
    """
    try:
        value = json.loads(text, object_pairs_hook=distinct, parse_float=parse_float, parse_int=parse_int)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if text.count("[") + text.count("{") > DEEPEST:
        refuse_depth(value)
    return value


def refuse_depth(value: Any) -> None:
    """Refuse a value that is nested too deeply.

    Raises:
        ValueError: `value` is nested more than `DEEPEST` levels deep.
    """
    level = [value]
    for _ in range(DEEPEST + 1):
        nodes = [node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list)]
        if not nodes:
            return
        level = [child for node in nodes for child in node]
    raise ValueError(TOO_DEEP)


def small_integer(text: str) -> int:
    """Parse an integer that fits into 64 bits.

    Raises:
        ValueError: The integer needs more than 64 bits.
    """
    value = int(text) if len(text) <= 20 else LARGEST_INTEGER + 1
    if abs(value) > LARGEST_INTEGER:
        raise ValueError(f"the integer {text[:30]}{'...' * (len(text) > 30)} needs more than 64 bits")
    return value


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a dictionary of the key-value pairs of a JSON object.

    Raises:
        RepeatedKeyError: A key is listed twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RepeatedKeyError(f'the key "{twice}" is listed twice')
    return found
