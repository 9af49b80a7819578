"""Values without quotes: YAML 1.2's, and a refusal where 1.1 reads another value."""

from __future__ import annotations

import math
from typing import Any

import pytest

from xdomain.config.yaml_scalar import LARGEST_INTEGER, RefusedYAMLError, plain_value, short


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("12:30:00", "12:30:00"),
        ("2026-01-31", "2026-01-31"),
        ("1e-5", 1e-5),
        ("-1.5E+3", -1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1_000", 1000),
        ("+7", 7),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("0", 0),
        ("0.50", 0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("", None),
        ("~", None),
        ("NULL", None),
        ("True", True),
        ("false", False),
        ("tRUE", "tRUE"),
        ("y", "y"),
        ("nothing", "nothing"),
        ("1.2.3", "1.2.3"),
        ("0b1", "0b1"),
        (str(LARGEST_INTEGER), LARGEST_INTEGER),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    found = plain_value(text)
    assert (found, type(found)) == (value, type(value))


def test_not_a_number() -> None:
    assert math.isnan(plain_value(".nan"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yes", "yes, which is true in YAML 1.1"),
        ("NO", "NO, which is false"),
        ("On", "On, which is true"),
        ("off", "off, which is false"),
        ("010", "octal in YAML 1.1 and decimal in YAML 1.2"),
        ("-007", "octal"),
        (str(LARGEST_INTEGER + 1), "needs more than 64 bits"),
        ("-" + "9" * 5000, r"integer -9{29}\.\.\., which"),
        ("0x" + "f" * 17, "needs more than 64 bits"),
    ],
)
def test_what_is_ambiguous_or_too_large_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedYAMLError, match=words):
        plain_value(text)


def test_long_texts_are_cut_in_messages() -> None:
    assert short("a" * 240) == "a" * 240
    assert short("a" * 241) == "a" * 240 + "..."
