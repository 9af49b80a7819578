"""The position in an expression: marks are read, spaces are skipped, and errors quote the whole text."""

from __future__ import annotations

import pytest

from xdomain.config.curriculum_reader import Reader
from xdomain.core.errors import ConfigError


def test_pieces_end_at_marks() -> None:
    reader = Reader(" a ->  b@ 3")
    assert (reader.piece(), reader.next(), reader.take("->")) == ("a", "->", True)
    assert (reader.piece(), reader.take("+"), reader.take("@"), reader.piece(), reader.next()) == (
        "b",
        False,
        True,
        "3",
        "",
    )
    reader.expect("")


def test_text_without_a_place_and_an_open_parenthesis_are_errors() -> None:
    with pytest.raises(ConfigError, match='curriculum "a": "a" has no place here'):
        Reader("a").expect("")
    with pytest.raises(ConfigError, match='curriculum "" has a parenthesis that is not closed'):
        Reader("").expect(")")
