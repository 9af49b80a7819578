"""The report as CSV: one long table of every cell, and one wide table a matrix."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from xdomain.analysis.result import (
    AccuracyMatrix,
    AnalysisResult,
    AnswerShape,
    Cell,
    Matrix,
    PublishedEffect,
    PublishedStudy,
)
from xdomain.core.foreign_text import plain
from xdomain.report.effort import AMOUNTS

CELL_FIELDS = tuple(name for name in Cell.model_fields if name != "compares")
SHAPE_FIELDS = tuple(AnswerShape.model_fields)
LONG_HEADER = ("matrix", "unit", "row", "column", *CELL_FIELDS, "compares", *AMOUNTS, "chance", *SHAPE_FIELDS)
NOTHING = (None,) * (1 + len(SHAPE_FIELDS))
"""Beside a cell that is no accuracy."""
FORMULA_STARTS = ("=", "+", "-", "@")
BETWEEN = "; "
"""Between the compared runs, and between what each of them spent."""


def long_csv(result: AnalysisResult) -> str:
    """Every defined cell of every matrix, one a line; a missing value is empty. Declared contrasts come last."""
    lines: list[Sequence[object]] = [LONG_HEADER]
    for matrix in result.matrices.values():
        for row in matrix.rows:
            for column in matrix.columns:
                if (cell := matrix.cell(row, column)) is not None:
                    beside = _beside(matrix, row, column)
                    lines.append((matrix.name, matrix.unit, row, column, *_values(result, cell), *beside))
    for declared in result.contrasts:
        lines.append(("contrasts", "", str(declared.contrast), "", *_values(result, declared.cell), *NOTHING))
    return _csv(lines)


def wide_csv(matrix: Matrix) -> str:
    """Estimates of one matrix with their 95% limits, rows and columns as in the report; a missing cell is empty.

    The last column says what the intervals of a row speak of.
    """
    header = [name for column in matrix.columns for name in (column, f"{column}_low", f"{column}_high")]
    lines: list[Sequence[object]] = [(matrix.row_meaning, *header, "speaks_of")]
    for row in matrix.rows:
        cells = [matrix.cell(row, column) or Cell() for column in matrix.columns]
        values = [value for cell in cells for value in (cell.estimate, cell.low, cell.high)]
        scopes = dict.fromkeys(cell.speaks_of for cell in cells if cell.speaks_of)
        lines.append((row, *values, BETWEEN.join(scopes)))
    return _csv(lines)


def published_csv(study: PublishedStudy) -> str:
    """Every effect of a published study with its bounds, and one's own estimate and limits beside it."""
    fields = tuple(name for name in PublishedEffect.model_fields if name != "own")
    lines: list[Sequence[object]] = [(*fields, "own_estimate", "own_low", "own_high")]
    for effect in study.effects:
        own = effect.own or Cell()
        lines.append((*(getattr(effect, field) for field in fields), own.estimate, own.low, own.high))
    return _csv(lines)


def _values(result: AnalysisResult, cell: Cell) -> Sequence[object]:
    """The fields of a cell, and what each compared run spent, in the order of `compares`."""
    runs = [result.effort.get(label) for label in cell.compares]
    spent = ([None if run is None else getattr(run, amount) for run in runs] for amount in AMOUNTS)
    texts = (BETWEEN.join("" if value is None else f"{value:.15g}" for value in values) for values in spent)
    return (*(getattr(cell, field) for field in CELL_FIELDS), BETWEEN.join(cell.compares), *texts)


def _beside(matrix: Matrix, row: str, column: str) -> Sequence[object]:
    """What stands beside an accuracy: chance and the shape of the answers."""
    if not isinstance(matrix, AccuracyMatrix):
        return NOTHING
    shape = matrix.answers.get(row, {}).get(column)
    return (matrix.chance.get(column), *(getattr(shape, field, None) for field in SHAPE_FIELDS))


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
