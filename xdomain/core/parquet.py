"""Item records as Parquet. pyarrow is imported on use, so that planning stays light."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.core.errors import StoreError
from xdomain.core.records import RECORD_COLUMNS, RECORD_SCHEMA_VERSION, ItemRecord

if TYPE_CHECKING:
    import pandas as pd

INTEGERS = frozenset({"sample", "completion_tokens", "seed"})
FLOATS = frozenset({"score", "mean_entropy"})


def record_schema() -> Any:
    """The pyarrow schema of item records; its metadata holds the schema version."""
    import pyarrow as pa

    def kind(name: str) -> Any:
        return pa.int64() if name in INTEGERS else pa.float64() if name in FLOATS else pa.string()

    return pa.schema(
        [(name, kind(name)) for name in RECORD_COLUMNS], metadata={"xdomain.records": str(RECORD_SCHEMA_VERSION)}
    )


def write_records(path: Path, records: Iterable[ItemRecord]) -> int:
    """Write `records` and return their number. Lone surrogates, which UTF-8 cannot hold, become "?"."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [dataclasses.asdict(record) for record in records]
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str):
                row[name] = value.encode("utf-8", "replace").decode("utf-8")
    pq.write_table(pa.Table.from_pylist(rows, schema=record_schema()), path, compression="zstd")
    return len(rows)


def read_records(paths: Sequence[Path], columns: Sequence[str] = RECORD_COLUMNS) -> pd.DataFrame:
    """Records of several files as one frame, in the order given.

    Raises:
        StoreError: a file is damaged or from a newer version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for path in paths:
        try:
            table = pq.read_table(path, columns=list(columns), partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"cannot be read as item records: {error}", where=str(path)) from error
        version = int((table.schema.metadata or {}).get(b"xdomain.records", b"0"))
        if version > RECORD_SCHEMA_VERSION:
            raise StoreError(
                f"was written by a newer version (records {version}).", where=str(path), fix="Upgrade xdomain."
            )
        tables.append(table)
    if not tables:
        tables = [pa.Table.from_pylist([], schema=record_schema()).select(list(columns))]
    frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return frame
