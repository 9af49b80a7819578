"""Read comma-separated values with a header line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdomain.config.domain_source import CsvSource
from xdomain.core.errors import DataError
from xdomain.domains.sources.files import LONGEST_LINE, FileRows, open_text, read_lines, refuse_repeated_columns

LONGEST_CELL = LONGEST_LINE
"""Largest number of characters in a cell. Python's own limit of 131,072 is too short for some passages."""


class CsvRows(FileRows):
    """A source of rows in CSV files. Every cell is text. Rows are numbered from 1 after the header."""

    def __init__(self, config: CsvSource) -> None:
        super().__init__(config)
        self.delimiter = config.delimiter

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        with open_text(path, newline="") as handle, long_cells():
            reader = csv.DictReader(read_lines(handle, path), delimiter=self.delimiter, strict=True)
            try:
                refuse_repeated_columns(reader.fieldnames or (), f"{path}:1")
                for number, row in enumerate(reader, start=1):
                    if None in row or None in row.values():
                        raise DataError(
                            f"row {number} and the header have different numbers of cells.",
                            where=f"{path}:{reader.line_num}",
                            fix="Correct the row, or quote the cell that holds the delimiter.",
                        )
                    if all(name == cell for name, cell in row.items()):
                        raise DataError(
                            f"row {number} repeats the header.",
                            where=f"{path}:{reader.line_num}",
                            fix="Remove the line; several files can be listed in `source` instead of joined.",
                        )
                    yield number, row
            except csv.Error as error:
                where = f"{path}:{reader.line_num}"
                raise DataError(f"is not CSV: {error}.", where=where, fix="Correct the line.") from error

    def settings(self) -> Mapping[str, Any]:
        return {"delimiter": self.delimiter}


@contextmanager
def long_cells() -> Iterator[None]:
    """Allow cells of up to `LONGEST_CELL` characters in the block. The limit applies to the whole process."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
