"""The report as CSV: one long table of all cells, and one wide table per matrix."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdomain.analysis.amounts import steps_by_phase
from xdomain.analysis.result import (
    AccuracyMatrix,
    AnalysisResult,
    AnswerShape,
    Cell,
    Matrix,
    PublishedEffect,
    PublishedStudy,
    RunEffort,
)
from xdomain.core.foreign_text import plain
from xdomain.report.contrasts import contrast_unit
from xdomain.report.effort import AMOUNTS
from xdomain.report.ways import ways_rows

CELL_FIELDS = tuple(name for name in Cell.model_fields if name != "compares")
RENAMED = {name: f"{name}_share" for name in ("wrong", "malformed", "truncated", "unscored")} | {"word": "conclusion"}
"""Names of columns that differ from the fields of the JSON document."""
SHAPE_FIELDS = tuple(AnswerShape.model_fields)
NOTHING = (None,) * (1 + len(SHAPE_FIELDS))
"""Empty columns for a cell that is not an accuracy."""
FORMULA_STARTS = ("=", "+", "-", "@")
BETWEEN = "; "
"""Separator between several runs that one run is compared with."""


def long_csv(result: AnalysisResult) -> str:
    """Return all defined cells of all matrices, one per line, contrasts last. A missing value is empty."""
    phases = steps_by_phase(result)
    spent = _Spent(result.effort, phases, max(map(len, phases.values()), default=1))
    lines: list[Sequence[object]] = [long_header(spent.most_phases)]
    for matrix in result.matrices.values():
        for row in matrix.rows:
            for column in matrix.columns:
                if (cell := matrix.cell(row, column)) is not None:
                    place = (matrix.name, matrix.unit, matrix.row_meaning, row, matrix.column_meaning, column)
                    values = _values(cell, result.meta.declared)
                    lines.append((*place, *values, *spent.of(cell.compares), *_beside(matrix, row, column)))
    for declared in result.contrasts:
        place = ("contrasts", contrast_unit(result, declared.contrast), "contrast", str(declared.contrast), "", "")
        values = _values(declared.cell, result.meta.declared)
        lines.append((*place, *values, *spent.of(declared.cell.compares), *NOTHING))
    return _csv(lines)


def long_header(most_phases: int) -> tuple[str, ...]:
    """Return the names of the columns, with one column of steps per phase."""
    phases = [f"steps_phase_{number + 1}" for number in range(most_phases)]
    amounts = ["steps", *phases, *list(AMOUNTS)[1:]]
    cell = [RENAMED.get(name, name) for name in CELL_FIELDS]
    shape = [RENAMED.get(name, name) for name in SHAPE_FIELDS]
    place = ("matrix", "unit", "row_meaning", "row", "column_meaning", "column")
    return (*place, *cell, "run", *amounts, "against", *(f"against_{name}" for name in amounts), "chance", *shape)


@dataclass(frozen=True)
class _Spent:
    """The effort of the runs, as the numbers of one line."""

    effort: Mapping[str, RunEffort]
    phases: Mapping[str, tuple[int, ...]]
    most_phases: int

    def of(self, compares: Sequence[str]) -> Sequence[object]:
        """Return the compared run and its effort, then the other runs and theirs, which is empty if it differs."""
        others = {self._amounts(label) for label in compares[1:]}
        nothing = (None,) * (len(AMOUNTS) + self.most_phases)
        against = others.pop() if len(others) == 1 else nothing
        run = compares[0] if compares else ""
        return (run, *(self._amounts(run) if run else nothing), BETWEEN.join(compares[1:]), *against)

    def _amounts(self, label: str) -> tuple[float | None, ...]:
        run = self.effort.get(label)
        phases: tuple[int | None, ...] = self.phases.get(label, ())
        steps, *rest = [None if run is None else getattr(run, amount) for amount in AMOUNTS]
        return (steps, *phases, *(None,) * (self.most_phases - len(phases)), *rest)


def wide_csv(matrix: Matrix) -> str:
    """Return the estimates of one matrix with 95% limits, arranged as in the report. A missing cell is empty.

    The last column holds the inference scope of the row's intervals.
    """
    header = [name for column in matrix.columns for name in (column, f"{column}.low", f"{column}.high")]
    lines: list[Sequence[object]] = [(matrix.row_meaning, *header, "speaks_of")]
    for row in matrix.rows:
        cells = [matrix.cell(row, column) or Cell() for column in matrix.columns]
        values = [value for cell in cells for value in (cell.estimate, cell.low, cell.high)]
        scopes = dict.fromkeys(cell.speaks_of for cell in cells if cell.speaks_of)
        lines.append((row, *values, BETWEEN.join(scopes)))
    return _csv(lines)


def ways_csv(result: AnalysisResult) -> str:
    """Return the ways to combine domains, with one line per arm and quantity. A missing value is empty."""
    return _csv(ways_rows(result))


def published_csv(study: PublishedStudy) -> str:
    """Return all effects of a published study with their bounds, each with the own estimate and its limits."""
    fields = tuple(name for name in PublishedEffect.model_fields if name != "own")
    lines: list[Sequence[object]] = [(*fields, "own_estimate", "own_low", "own_high")]
    for effect in study.effects:
        own = effect.own or Cell()
        lines.append((*(getattr(effect, field) for field in fields), own.estimate, own.low, own.high))
    return _csv(lines)


def _values(cell: Cell, declared: Sequence[str]) -> Sequence[object]:
    """Return the fields of a cell; its caveat names the compared runs whose checkpoints the user declared."""
    runs = BETWEEN.join(label for label in cell.compares if label in declared)
    caveat = BETWEEN.join(filter(None, [cell.caveat, runs and f"declared by the user: {runs}"]))
    return [caveat if field == "caveat" else getattr(cell, field) for field in CELL_FIELDS]


def _beside(matrix: Matrix, row: str, column: str) -> Sequence[object]:
    """Return chance and the shape of the answers, which accompany an accuracy."""
    if not isinstance(matrix, AccuracyMatrix):
        return NOTHING
    shape = matrix.answers.get(row, {}).get(column)
    return (matrix.chance.get(column), *(getattr(shape, field, None) for field in SHAPE_FIELDS))


def _csv(lines: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([_safe(value) for value in line] for line in lines)
    return buffer.getvalue()


def _safe(value: object) -> object:
    """Return text as one line, prefixed with an apostrophe if a spreadsheet would run it as a formula."""
    if not isinstance(value, str):
        return value
    line = plain(value)
    return f"'{line}" if line.startswith(FORMULA_STARTS) else line
