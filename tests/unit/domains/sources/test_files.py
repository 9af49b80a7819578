"""What all local files share."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from xdomain.config.domain_source import JsonlSource
from xdomain.core.errors import DataError
from xdomain.domains.sources.files import demand_object, refuse_repeated_columns
from xdomain.domains.sources.jsonl import JsonlRows


def rows(**files: object) -> JsonlRows:
    return JsonlRows(JsonlSource.model_validate({"kind": "jsonl", **files}))


def test_parts_are_the_files_that_are_named(tmp_path: Path) -> None:
    assert rows(path="a").parts() == ("pool",)
    assert rows(train="a", test="b").parts() == ("train", "test")
    with pytest.raises(DataError, match="there is no such file"):
        rows(path=str(tmp_path / "none")).rows("pool")


def test_several_files_are_one_after_the_other_and_packed_ones_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n\n{"n": 2}')
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as handle:
        handle.write(json.dumps({"n": 3}))
    made = rows(path=[str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl.gz")])
    assert [row.values["n"] for row in made.rows("pool")] == [1, 2, 3]
    assert [row.where.rpartition("/")[2] for row in made.rows("pool")] == ["a.jsonl:1", "a.jsonl:3", "b.jsonl.gz:1"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "holds no rows"), (b'{"a": "\xff"}', "cannot be read as UTF-8"), (b"\x1f\x8b", "UTF-8")],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=words):
        rows(path=str(tmp_path / "a")).rows("pool")


def test_a_broken_archive_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:50])
    with pytest.raises(DataError, match="cannot be read"):
        rows(path=str(tmp_path / "a.gz")).rows("pool")


def test_the_identity_follows_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"a": 1}')
    before = rows(path=str(tmp_path / "a")).identity()
    (tmp_path / "a").rename(tmp_path / "b")
    assert rows(path=str(tmp_path / "b")).identity() == before
    (tmp_path / "b").write_text('{"a": 2}')
    assert rows(path=str(tmp_path / "b")).identity() != before


def test_a_row_is_an_object_with_distinct_columns() -> None:
    with pytest.raises(DataError, match="Found list"):
        demand_object([1], "f:1")
    refuse_repeated_columns(["a", "", ""], "f:1")
    with pytest.raises(DataError, match='the column "a" 2 times'):
        refuse_repeated_columns(["a", "b", "a"], "f:1")
