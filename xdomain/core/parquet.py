"""Read and write item records as Parquet. pyarrow is imported only on use, so that planning stays fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.core.errors import StoreError
from xdomain.core.reading import open_regular
from xdomain.core.records import RECORD_COLUMNS, RECORD_SCHEMA_VERSION, ItemRecord

if TYPE_CHECKING:
    import pandas as pd

INTEGERS = frozenset({"sample", "completion_tokens", "seed", "prompt_tokens"})
FLOATS = frozenset({"score", "mean_entropy"})


def record_schema() -> Any:
    """Return the pyarrow schema of item records, whose metadata contains the schema version."""
    import pyarrow as pa

    def kind(name: str) -> Any:
        return pa.int64() if name in INTEGERS else pa.float64() if name in FLOATS else pa.string()

    return pa.schema(
        [(name, kind(name)) for name in RECORD_COLUMNS], metadata={"xdomain.records": str(RECORD_SCHEMA_VERSION)}
    )


def write_records(path: Path, records: Iterable[ItemRecord]) -> int:
    """Write `records` atomically, and return their number.

    Lone surrogates, which UTF-8 cannot represent, become "?".
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(records)
    # By column, because `dataclasses.asdict` copies deeply, which took longer than scoring.
    columns = {name: [_utf8(getattr(row, name)) for row in rows] for name in RECORD_COLUMNS}
    partial = path.with_suffix(".partial")
    pq.write_table(pa.Table.from_pydict(columns, schema=record_schema()), partial, compression="zstd")
    partial.replace(path)
    return len(rows)


LATER_COLUMNS = frozenset({"prompt_tokens", "backend", "reproducibility", "prefill"})
"""Columns that were added after the first version. Their values are unknown in older files."""


def _with_later_columns(table: Any, columns: Sequence[str]) -> Any:
    """Return `table` with exactly `columns`, in the types of the schema.

    Raises:
        KeyError: The table lacks a column that every version has.
        ArrowException: The values of a column have another type.
    """
    import pyarrow as pa

    schema = record_schema()
    for name in columns:
        if name in LATER_COLUMNS and name not in table.column_names:
            table = table.append_column(schema.field(name), pa.nulls(len(table), schema.field(name).type))
    return table.select(list(columns)).cast(pa.schema([schema.field(name) for name in columns], table.schema.metadata))


def _utf8(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def read_records(paths: Sequence[Path], columns: Sequence[str] = RECORD_COLUMNS) -> pd.DataFrame:
    """Return the records of several files as one frame, in the given order.

    Raises:
        StoreError: A file is corrupt or from a newer version.
    """
    import pyarrow as pa

    tables = [_read_table(path, columns) for path in paths]
    if not tables:
        tables = [pa.Table.from_pylist([], schema=record_schema()).select(list(columns))]
    frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return frame


def read_rows(path: Path) -> list[ItemRecord]:
    """Return the records of one file; missing values are None.

    Raises:
        StoreError: The file is corrupt or from a newer version.
    """
    return [ItemRecord(**row) for row in _read_table(path, RECORD_COLUMNS).to_pylist()]


def _read_table(path: Path, columns: Sequence[str]) -> Any:
    """Return columns of one file as a pyarrow table.

    Raises:
        StoreError: The file is corrupt or from a newer version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        open_regular(path).close()  # pyarrow would wait for the writer of a pipe
        with pq.ParquetFile(path) as file:
            table = _with_later_columns(file.read(columns=list(columns)), columns)
            table.validate(full=True)  # such as text that is not UTF-8
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise StoreError(
            f"cannot be read as item records: {error}.",
            where=str(path),
            fix="If it belongs to a stage of a store, delete the stage's folder and repeat the command.",
        ) from error
    written = (table.schema.metadata or {}).get(b"xdomain.records", b"0")
    version = int(written) if written.isdigit() else 0
    if version > RECORD_SCHEMA_VERSION:
        raise StoreError(
            f"was written by a newer version (records {version}).", where=str(path), fix="Upgrade xdomain."
        )
    return table
