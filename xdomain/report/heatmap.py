"""Matrices prepared for drawing: pictures of rows and columns, and each cell once for the table of all numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from xdomain.analysis.result import AnalysisResult, Matrix, RunEffort
from xdomain.config.phases import DOMAIN_NAME
from xdomain.config.run_id import JOINT
from xdomain.report.cell_view import CellView, cell_view
from xdomain.report.colour import Scale
from xdomain.report.footnotes import footnotes
from xdomain.report.layout import definition, family, source
from xdomain.report.numbers import estimate_text, unit_word
from xdomain.report.reproduce import cell_command


@dataclass(frozen=True)
class Picture:
    """A grid of cells. An entry is None if the matrix defines no such cell."""

    row_meaning: str
    column_meaning: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[CellView | None, ...]], ...]


@dataclass(frozen=True)
class HeatMap:
    """One matrix with the texts around it."""

    matrix: Matrix
    definition: str
    source: str
    family: str
    unit: str
    pictures: tuple[Picture, ...]
    """A single picture, or a square of pairs and a list of the longer curricula."""
    cells: tuple[CellView, ...]
    """All defined cells."""
    footnotes: tuple[tuple[str, str], ...]
    """Pairs of mark and caveat."""
    limit: str
    """Value at which the colour saturates, such as "20.0"; empty if the matrix has no colour scale."""
    shown: int
    tested: int

    @property
    def name(self) -> str:
        return self.matrix.name

    @property
    def has_seed_sds(self) -> bool:
        return any(cell.seed_sd for cell in self.cells)

    @property
    def is_size(self) -> bool:
        return self.matrix.direction == "size"


def heat_map(result: AnalysisResult, matrix: Matrix, scale: Scale | None, *, report_command: str) -> HeatMap:
    """Prepare one matrix for drawing.

    Args:
        scale: Colour scale; None draws without colour.
        report_command: Beginning of the command that reproduces a cell.
    """
    views: dict[tuple[str, str], CellView] = {}
    marks = footnotes(matrix)
    numerators = result.matrices.get(matrix.numerator or "")
    for row, column in defined(matrix):
        cell = matrix.cells[row][column]
        view = cell_view(
            matrix,
            cell,
            row,
            column,
            effort=result.effort,
            anchor=f"{matrix.name}-{len(views)}",
            scale=scale,
            command=cell_command(matrix, row, column, report_command=report_command),
            numerator=numerators.cell(row, column) if numerators and row != column else None,
        )
        views[row, column] = replace(view, mark=marks.get(cell.caveat, ""))
    counts = _counts(result, matrix, views.values())
    coloured = any(view.tone != "none" for view in views.values())
    return HeatMap(
        matrix=matrix,
        definition=definition(matrix),
        source=source(matrix),
        family=family(matrix),
        unit=unit_word(matrix),
        pictures=tuple(_pictures(matrix, views, result.effort)),
        cells=tuple(views.values()),
        footnotes=tuple((mark, caveat) for caveat, mark in marks.items()),
        limit=estimate_text(matrix.unit, scale.limit, signed=False) if scale and coloured else "",
        shown=counts[0],
        tested=counts[1],
    )


def _counts(result: AnalysisResult, matrix: Matrix, views: Iterable[CellView]) -> tuple[int, int]:
    """Return the number of cells with an effect shown and of cells tested.

    They may be missing from the summary of imported results.
    """
    if matrix.name in result.summary.tested:
        return result.summary.shown.get(matrix.name, 0), result.summary.tested[matrix.name]
    tested = [view for view in views if view.p_adjusted]
    return sum(view.state == "shown" for view in tested), len(tested)


def defined(matrix: Matrix) -> list[tuple[str, str]]:
    """Return (row, column) of every cell that the matrix defines, in reading order."""
    return [(row, column) for row in matrix.rows for column in matrix.columns if matrix.cell(row, column) is not None]


def _pictures(matrix: Matrix, views: dict[tuple[str, str], CellView], effort: Mapping[str, RunEffort]) -> list[Picture]:
    square = _pairs(matrix, effort)
    drawn = set(square.values())
    rest = [key for key in views if key not in drawn]
    pictures = []
    if square and matrix.square:
        names = [name for name in matrix.columns if any(name in place for place in square)]
        names += [name for place in square for name in place if name not in names]
        sides = tuple(dict.fromkeys(names))
        rows = tuple((a, tuple(views[square[a, b]] if (a, b) in square else None for b in sides)) for a in sides)
        pictures.append(Picture(*matrix.square, sides, rows))
    if rest or not square:
        labels = dict.fromkeys(row for row, _ in rest)
        rows = tuple((row, tuple(views.get((row, column)) for column in matrix.columns)) for row in labels)
        pictures.append(Picture(matrix.row_meaning, matrix.column_meaning, matrix.columns, rows))
    return pictures


def _pairs(matrix: Matrix, effort: Mapping[str, RunEffort]) -> dict[tuple[str, str], tuple[str, str]]:
    """Map (drawn row, drawn column) to (row, column) for the rows "A -> B" that hold one cell each.

    Twelve rows with one cell each are hard to read. As a square, target by other domain, they look like the tables of
    arXiv 2602.01365.
    """
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for row, cells in matrix.cells.items() if matrix.square else ():
        pair = _pair(effort.get(row))
        if pair is None or len(cells) != 1:
            continue
        (column,) = cells
        if column in pair:
            places[column, pair[1] if column == pair[0] else pair[0]] = (row, column)
    return places


def _pair(run: RunEffort | None) -> tuple[str, str] | None:
    """Return the two domains of a joint run with two phases of one domain each and no step overrides, else None."""
    if run is None or run.strategy not in (None, JOINT) or len(run.phases) != 2:
        return None
    first, second = run.phases
    return (first, second) if DOMAIN_NAME.fullmatch(first) and DOMAIN_NAME.fullmatch(second) else None
