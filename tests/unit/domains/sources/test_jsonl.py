"""JSON Lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import DataError
from xdomain.domains.sources.jsonl import read_jsonl


def test_lines_are_numbered_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('\ufeff{"a": 1}\n\n  \n{"a": 1.10}\n')
    rows = list(read_jsonl(tmp_path / "a"))
    assert [number for number, _ in rows] == [1, 4]
    assert str(rows[1][1]["a"]) == "1.10"


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "is not JSON"), ("[1]", "Found list"), ('{"a": 1, "a": 2}', "listed twice"), ("[" * 200_000, "too deeply")],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "a").write_text('{"a": 1}\n' + line)
    with pytest.raises(DataError, match=words) as caught:
        list(read_jsonl(tmp_path / "a"))
    assert "a:2" in str(caught.value)
