"""Hostile text is made plain once."""

from __future__ import annotations

import pytest

from xdomain.report.plain import BIDI, plain

REPLACED = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", f"a{REPLACED}[31mb"),
        ("a\r\nb\tc", "a b c"),
        ("a\ud800", f"a{REPLACED}"),
        ("a\u202eb", f"a{REPLACED}b"),
        ("é 数 ∞", "é 数 ∞"),
        ("", ""),
    ],
)
def test_what_is_taken_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_lines_are_kept_on_request() -> None:
    assert plain("a\r\nb\rc\td", keep_lines=True) == "a\nb\nc\td"
    assert all(plain(mark) == REPLACED for mark in BIDI)
