"""Hostile text is made plain once."""

from __future__ import annotations

import json
import unicodedata

import pytest

from xdomain.core.foreign_text import plain, plain_json
from xdomain.core.secrets import know_environment

DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
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


@pytest.mark.parametrize("category", ["Cc", "Cs"])
def test_no_control_character_and_no_lone_surrogate_is_left(category: str) -> None:
    found = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == category]
    assert {plain(each) for each in found if each not in "\t\n\r"} == {REPLACED}


def test_no_mark_of_direction_is_left() -> None:
    marks = [chr(code) for code in range(0x10000) if unicodedata.bidirectional(chr(code)) in DIRECTIONS]
    assert len(marks) == 9
    assert {plain(each) for each in (*marks, "\u061c", "\u200e", "\u200f")} == {REPLACED}


def test_json_keeps_its_values_and_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"a": "\x1b[31m \x9b \u202e é", "b": [1]}
    for document in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2, ensure_ascii=False)):
        shown = plain_json(document)
        assert json.loads(shown) == value
        assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
        assert shown.count("\n") == document.count("\n")


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREIGN_TEXT_TOKEN", "tok-foreign-text")
    know_environment()
    assert plain("say tok-foreign-text") == "say $FOREIGN_TEXT_TOKEN"
    assert plain_json('{"a": "tok-foreign-text"}') == '{"a": "$FOREIGN_TEXT_TOKEN"}'
