"""Item records as Parquet files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.records import RECORD
from xdomain.core.errors import StoreError
from xdomain.core.parquet import LATER_COLUMNS, read_records, read_rows, record_schema, write_records
from xdomain.core.records import RECORD_COLUMNS


def test_records_come_back_with_missing_values(tmp_path: Path) -> None:
    records = [RECORD, replace(RECORD, item_id="j", score=1.0, completion_tokens=3)]
    assert write_records(tmp_path / "r.parquet", records) == 2
    assert read_rows(tmp_path / "r.parquet") == records
    assert [path.name for path in tmp_path.iterdir()] == ["r.parquet"]


def test_a_frame_has_the_columns_asked_for_in_file_order(tmp_path: Path) -> None:
    for name in "ab":
        write_records(tmp_path / name, [replace(RECORD, item_id=name)])
    frame = read_records([tmp_path / "b", tmp_path / "a"], ["item_id", "score"])
    assert list(frame) == ["item_id", "score"]
    assert list(frame["item_id"]) == ["b", "a"]
    assert tuple(read_records([])) == RECORD_COLUMNS


def test_half_a_character_becomes_a_question_mark(tmp_path: Path) -> None:
    write_records(tmp_path / "r", [replace(RECORD, completion="a\ud800")])
    assert read_rows(tmp_path / "r")[0].completion == "a?"


def test_columns_that_came_later_are_unknown(tmp_path: Path) -> None:
    write_records(tmp_path / "r", [RECORD])
    table = pq.read_table(tmp_path / "r").drop_columns(sorted(LATER_COLUMNS))
    pq.write_table(table, tmp_path / "old")
    assert read_rows(tmp_path / "old") == [replace(RECORD, prefill=None)]
    pq.write_table(table.drop_columns(["gold"]), tmp_path / "bad")
    with pytest.raises(StoreError, match="cannot be read as item records"):
        read_rows(tmp_path / "bad")


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    schema = record_schema().with_metadata({"xdomain.records": "99"})
    pq.write_table(pa.Table.from_pylist([], schema=schema), tmp_path / "new")
    with pytest.raises(StoreError, match="written by a newer version"):
        read_records([tmp_path / "new"])


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "r", [replace(RECORD, item_id="name")])
    table = pq.read_table(tmp_path / "r")
    index = table.schema.get_field_index("item_id")
    raw = pa.array([b"\xa2ame"], pa.binary()).cast(pa.string(), safe=False)
    pq.write_table(table.set_column(index, table.schema.field("item_id"), raw), tmp_path / "r")
    with pytest.raises(StoreError, match="cannot be read as item records"):
        read_records([tmp_path / "r"])
