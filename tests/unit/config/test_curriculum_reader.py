"""The position in an expression: marks are read, spaces are skipped, and errors quote the whole text."""

from __future__ import annotations

import pytest

from xdomain.config.curriculum_reader import Reader
from xdomain.core.errors import ConfigError


def test_pieces_end_at_marks() -> None:
    reader = Reader(" a ->b, c=1 )")
    assert (reader.ahead(), reader.piece(), reader.next()) == (" a ", "a", "->")
    assert reader.take("->")
    assert not reader.take("->")
    assert (reader.piece(), reader.take(","), reader.piece()) == ("b", True, "c=1")
    reader.expect(")")
    reader.expect("")


def test_settings_are_read_by_their_own_methods() -> None:
    reader = Reader("x, to = y z, share=2)")
    seen: list[str] = []
    settings = reader.arguments(
        "f", lambda: seen.append(reader.piece()), {"to": reader.piece, "share": lambda: float(reader.piece())}
    )
    assert seen == ["x"]
    assert settings == {"to": "y z", "share": 2.0}


def test_what_is_left_is_quoted() -> None:
    with pytest.raises(ConfigError, match=r'"b\)" has no place here'):
        Reader("b)").expect("")
    with pytest.raises(ConfigError, match="is not closed"):
        Reader("").expect(")")
