"""Comma-separated values."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from xdomain.config.domain_source import CsvSource
from xdomain.core.errors import DataError
from xdomain.domains.sources.csv import CsvRows


def rows(folder: Path, text: str, **settings: Any) -> list[Any]:
    (folder / "a.csv").write_text(text, newline="")
    source = CsvRows(CsvSource.model_validate({"kind": "csv", "path": str(folder / "a.csv"), **settings}))
    return [dict(row.values) for row in source.rows("pool")]


def test_cells_are_text_and_may_hold_line_ends(tmp_path: Path) -> None:
    assert rows(tmp_path, 'a,b\r\n1,"x\r\ny"\r\n') == [{"a": "1", "b": "x\r\ny"}]
    assert rows(tmp_path, "a;b\n1;2\n", delimiter=";") == [{"a": "1", "b": "2"}]


def test_a_long_cell_leaves_the_processs_limit(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    assert len(rows(tmp_path, f"a\n{'x' * 200_000}\n")[0]["a"]) == 200_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1\n", "row 1 and the header have different numbers of cells"),
        ("a,b\n1,2,3\n", "row 1 and the header have different numbers of cells"),
        ("a,b\n1,2\na,b\n", "row 2 repeats the header"),
        ("a,a\n1,2\n", 'the column "a" 2 times'),
        ('a\n"x', "is not CSV"),
    ],
)
def test_what_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        rows(tmp_path, text)
    assert "a.csv:" in str(caught.value)
