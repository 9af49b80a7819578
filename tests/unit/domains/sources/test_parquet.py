"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xdomain.core.errors import DataError
from xdomain.domains.sources.parquet import read_parquet, short_float


def test_rows_in_file_order_with_plain_values(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([0.1, None], pa.float32()), "b": [[1, 2], []], "c": [{"d": "x"}, None]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert list(read_parquet(tmp_path / "a.parquet")) == [
        (1, {"a": 0.1, "b": [1, 2], "c": {"d": "x"}}),
        (2, {"a": None, "b": [], "c": None}),
    ]


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("no parquet")
    with pytest.raises(DataError, match="is not readable as Parquet"):
        list(read_parquet(tmp_path / "bad"))
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "twice")
    with pytest.raises(DataError, match='the column "a" 2 times'):
        list(read_parquet(tmp_path / "twice"))


def test_single_precision_keeps_its_own_digits() -> None:
    assert short_float(0.10000000149011612) == 0.1
    assert short_float(None) is None
