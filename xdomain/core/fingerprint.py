"""Stable digests: canonical JSON that refuses what it cannot promise to write the same way twice."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.core.reading import open_regular

PLAIN = frozenset({type(None), bool, int, str})
"""Types of most values, passed over without a call: a large plan has 10,000 payloads of 40."""
JsonValue = Any
"""None, bool, int, finite float, str, list or str-keyed dict of these (mypy has no cheap recursive form)."""


def canonical_json(value: JsonValue) -> str:
    """Write `value` as JSON with sorted keys and no spaces.

    Raises:
        TypeError: a value is not plain JSON (sets, paths, objects, non-string keys).
        ValueError: a float is not finite.
    """
    _check(value, "$")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def fingerprint(value: JsonValue) -> str:
    """sha256 (64 hex digits) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


def text_digest(text: str) -> str:
    """sha256 of `text`; lone surrogates, which model output may hold, are kept apart rather than refused."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes.

    Raises:
        OSError: see `open_regular`.
    """
    with open_regular(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _check(value: JsonValue, where: str) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} should be a finite number. Found {value!r}.")
    elif isinstance(value, dict | Mapping):  # a dict is seen at once, a Mapping by asking its class
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
