"""Interpret YAML values without quotes as in YAML 1.2, and refuse those that mean something else in YAML 1.1."""

from __future__ import annotations

import re
from typing import Any

import yaml

LARGEST_INTEGER = 2**63 - 1
LONGEST_QUOTE = 240
"""Largest number of characters of a value or of a parser's message that our messages quote."""

BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")
NULL = re.compile("~|null|Null|NULL|")
INTEGER = re.compile("[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
BOOLEAN_OF_1_1 = re.compile("yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF")
OCTAL_OF_1_1 = re.compile("[-+]?0[0-9_]+")
FORBIDDEN = re.compile("[\0\ud800-\udfff]")
"""A zero byte ends a path, and halves of characters cannot be written as UTF-8."""


class RefusedYAMLError(Exception):
    """YAML that is valid but not read.

    Args:
        what: Description of the problem, without a full stop.
        fix: Text to write instead.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def scalar_value(event: yaml.ScalarEvent) -> Any:
    """Return the value of a scalar: a text if it has quotes, or else the result of `plain_value`.

    Raises:
        RefusedYAMLError: See `plain_value`. Also raised if the text contains a character that no file can hold.
    """
    text = event.value
    if found := FORBIDDEN.search(text):
        raise RefusedYAMLError(f"holds a text with U+{ord(found[0]):04X}", "Remove that character.")
    return plain_value(text) if event.implicit[0] else text


def plain_value(text: str) -> Any:
    """Return null, a truth value, a number, or the text.

    Raises:
        RefusedYAMLError: Two versions of YAML read the value differently, or an integer needs more than 64 bits.
    """
    if BOOLEAN_OF_1_1.fullmatch(text):
        meant = "true" if text.lower() in ("yes", "on") else "false"
        what = f"holds {text}, which is {meant} in YAML 1.1 and a text in YAML 1.2"
        raise RefusedYAMLError(what, f'Write {meant}, or "{text}" in quotes.')
    if OCTAL_OF_1_1.fullmatch(text):
        what = f"holds {short(text)}, which is octal in YAML 1.1 and decimal in YAML 1.2"
        raise RefusedYAMLError(what, "Remove the zeros at its start, or put it in quotes.")
    if NULL.fullmatch(text):
        return None
    if BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if INTEGER.fullmatch(text):
        return _integer(text)
    if FLOAT.fullmatch(text):
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    value = int(digits, 0) if len(digits) <= 25 else LARGEST_INTEGER + 1
    if abs(value) > LARGEST_INTEGER:
        raise RefusedYAMLError(f"holds the integer {short(text, 30)}, which needs more than 64 bits", "Correct it.")
    return value


def short(text: str, most: int = LONGEST_QUOTE) -> str:
    """Return the text, shortened to at most `most` characters."""
    return text if len(text) <= most else f"{text[:most]}..."
