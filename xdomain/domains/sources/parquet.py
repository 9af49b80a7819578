"""Read Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xdomain.core.errors import DataError
from xdomain.domains.sources.files import FileRows, refuse_repeated_columns


class ParquetRows(FileRows):
    """A source of rows in file order, numbered from 1. Lists and structs become plain lists and dicts."""

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        return read_parquet(path)


def read_parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of `path` with their numbers from 1.

    Raises:
        DataError: The file is not Parquet, or has a column twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            refuse_repeated_columns(file.schema_arrow.names, str(path))
            short = [field.name for field in file.schema_arrow if field.type == pa.float32()]
            number = 0
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    yield number, {**row, **{name: short_float(row[name]) for name in short}}
    except pa.ArrowException as error:
        raise DataError(f"is not readable as Parquet: {error}.", where=str(path), fix="Check the file.") from error


def short_float(value: float | None) -> float | None:
    """Return a single-precision number with the digits that identify it: 0.1, not 0.10000000149011612."""
    import numpy as np

    return None if value is None else float(str(np.float32(value)))
