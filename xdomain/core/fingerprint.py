"""Stable digests of canonical JSON. Values without a unique JSON text are refused."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.core.reading import open_regular

PLAIN = frozenset({type(None), bool, int, str})
"""Types of most values. They are accepted without a function call, because a large plan has 400,000 values."""
JsonValue = Any
"""None, bool, int, finite float, str, or a list or str-keyed dict of these. A recursive type would slow down mypy."""


def canonical_json(value: JsonValue) -> str:
    """Write `value` as JSON with sorted keys and no spaces.

    Raises:
        TypeError: A value is not plain JSON (sets, paths, objects, non-string keys).
        ValueError: A float is not finite.
    """
    _check(value, "$")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def fingerprint(value: JsonValue) -> str:
    """Return the sha256 (64 hex digits) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


def text_digest(text: str) -> str:
    """Return the sha256 of `text`. Lone surrogates, which model output may contain, are allowed and count."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's content.

    Raises:
        OSError: See `open_regular`.
    """
    with open_regular(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _check(value: JsonValue, where: str) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} should be a finite number. Found {value!r}.")
    elif isinstance(value, dict | Mapping):  # testing for dict first is faster than for Mapping
        for key, child in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where} should have string keys. Found {key!r}.")
            if type(child) not in PLAIN:
                _check(child, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            if type(child) not in PLAIN:
                _check(child, f"{where}[{index}]")
    else:
        raise TypeError(f"{where} should be plain JSON. Found {type(value).__name__}.")
