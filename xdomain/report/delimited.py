"""The report as CSV: one long table of every cell, and one wide table a matrix."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from xdomain.analysis.result import AnalysisResult, Cell, Matrix
from xdomain.report.plain import plain

CELL_FIELDS = tuple(name for name in Cell.model_fields if name != "compares")
LONG_HEADER = ("matrix", "unit", "row", "column", *CELL_FIELDS, "compares")
FORMULA_STARTS = ("=", "+", "-", "@")


def long_csv(result: AnalysisResult) -> str:
    """Every defined cell of every matrix, one a line; a missing value is empty. Declared contrasts come last."""
    lines: list[Sequence[object]] = [LONG_HEADER]
    for matrix in result.matrices().values():
        for row in matrix.rows:
            for column in matrix.columns:
                if (cell := matrix.cell(row, column)) is not None:
                    lines.append(_line(matrix.name, matrix.unit, row, column, cell))
    lines += [_line("contrasts", "", declared.contrast, "", declared.cell) for declared in result.contrasts]
    return _csv(lines)


def wide_csv(matrix: Matrix) -> str:
    """Estimates of one matrix, rows and columns as in the report; a missing cell is empty."""
    lines: list[Sequence[object]] = [(matrix.row_meaning, *matrix.columns)]
    for row in matrix.rows:
        cells = (matrix.cell(row, column) for column in matrix.columns)
        lines.append((row, *(None if cell is None else cell.estimate for cell in cells)))
    return _csv(lines)


def _line(name: str, unit: str, row: str, column: str, cell: Cell) -> Sequence[object]:
    return (name, unit, row, column, *(getattr(cell, field) for field in CELL_FIELDS), "; ".join(cell.compares))


def _csv(lines: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([_safe(value) for value in line] for line in lines)
    return buffer.getvalue()


def _safe(value: object) -> object:
    """Text on one line; what a spreadsheet would run as a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    line = plain(value)
    return f"'{line}" if line.startswith(FORMULA_STARTS) else line
