"""A matrix made ready to draw: rows, columns, and for each cell its text, its colour and whether it is beyond noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdomain.analysis.result import AnalysisResult, Cell, Matrix
from xdomain.config.curriculum import parse_curriculum
from xdomain.core.errors import ConfigError
from xdomain.report.colour import Scale
from xdomain.report.layout import is_shown, question
from xdomain.report.numbers import count_text, estimate_text, interval_text, is_signed, p_text, unit_word
from xdomain.report.reproduce import cell_command

State = Literal["shown", "noise", "untested", "missing"]
"""Beyond noise; tested and not beyond noise; no test belongs to it; no number."""

STATE_WORDS: dict[State, str] = {
    "shown": "effect shown",
    "noise": "no effect shown",
    "untested": "not tested",
    "missing": "not measured",
}


@dataclass(frozen=True)
class CellView:
    """One cell as text."""

    row: str
    """Row and column name the cell in the matrix, also where the picture is turned."""
    column: str
    anchor: str
    name: str
    """What it is in words: "retention: math -> science on math"."""
    value: str
    interval: str
    state: State
    word: str
    shade: int
    """Signed strength of colour in percent."""
    n_items: str
    n_seeds: str
    seed_sd: str
    p: str
    p_adjusted: str
    detectable: str
    note: str
    compares: tuple[str, ...]
    command: str


@dataclass(frozen=True)
class HeatMap:
    """One matrix, with the texts that stand around it."""

    matrix: Matrix
    question: str
    unit: str
    row_meaning: str
    column_meaning: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[CellView | None, ...]], ...]
    cells: tuple[CellView, ...]
    """Every defined cell, for the table of all numbers."""
    scale: Scale | None
    limit: str
    """Where colour saturates, "20.0"; empty where there is no scale."""

    @property
    def name(self) -> str:
        return self.matrix.name

    @property
    def tested(self) -> int:
        return sum(cell.state in {"shown", "noise"} for cell in self.cells)

    @property
    def shown(self) -> int:
        return sum(cell.state == "shown" for cell in self.cells)


def heat_map(result: AnalysisResult, matrix: Matrix, scale: Scale | None, *, report_command: str) -> HeatMap:
    """Prepare one matrix."""
    views: dict[tuple[str, str], CellView] = {}
    for row in matrix.rows:
        for column in matrix.columns:
            cell = matrix.cell(row, column)
            if cell is not None:
                command = cell_command(result, matrix, row, column, report_command=report_command)
                anchor = f"{matrix.name}-{len(views)}"
                views[row, column] = _cell_view(matrix, cell, row, column, anchor, scale, command)
    turned = _by_pair(matrix)
    meanings = PAIR_MEANINGS[matrix.name] if turned else (matrix.row_meaning, matrix.column_meaning)
    places = turned or {(row, column): (row, column) for row, column in views}
    rows = _in_order(matrix, [row for row, _ in places]) if turned else [r for r in matrix.rows if matrix.cells.get(r)]
    columns = _in_order(matrix, [column for _, column in places]) if turned else list(matrix.columns)
    return HeatMap(
        matrix=matrix,
        question=question(matrix),
        unit=unit_word(matrix),
        row_meaning=meanings[0],
        column_meaning=meanings[1],
        columns=tuple(columns),
        rows=tuple((r, tuple(views[places[r, c]] if (r, c) in places else None for c in columns)) for r in rows),
        cells=tuple(views.values()),
        scale=scale if matrix.centre is not None else None,
        limit=estimate_text(matrix.unit, scale.limit, signed=False) if scale and matrix.centre is not None else "",
    )


PAIR_MEANINGS = {
    "retention": ("domain kept", "trained on afterwards"),
    "plasticity": ("domain learned", "trained on before"),
}
"""What rows and columns mean once a matrix over "A -> B" is drawn as a square."""


def _by_pair(matrix: Matrix) -> dict[tuple[str, str], tuple[str, str]] | None:
    """(drawn row, drawn column) -> (row, column) of a matrix whose rows are all "A -> B" with one cell each.

    Twelve rows of one cell each read badly; as a square, target by other domain, they are the tables of
    2602.01365. None where the matrix has longer or mixed sequences, or repeats a pair under several strategies.
    """
    if matrix.name not in PAIR_MEANINGS:
        return None
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for row, cells in matrix.cells.items():
        pair = _pair(row)
        if pair is None or len(cells) > 1:
            return None
        for column in cells:
            other = pair[1] if column == pair[0] else pair[0]
            if column not in pair or (column, other) in places:
                return None
            places[column, other] = (row, column)
    return places


def _pair(label: str) -> tuple[str, str] | None:
    try:
        phases = parse_curriculum(label).phases
    except ConfigError:
        return None
    if len(phases) != 2 or any(phase.is_mixed or phase.steps is not None for phase in phases):
        return None
    return phases[0].domains[0], phases[1].domains[0]


def _in_order(matrix: Matrix, names: list[str]) -> list[str]:
    known = {name: index for index, name in enumerate(matrix.columns)}
    return sorted(dict.fromkeys(names), key=lambda name: known.get(name, len(known)))


def _cell_view(
    matrix: Matrix, cell: Cell, row: str, column: str, anchor: str, scale: Scale | None, command: str
) -> CellView:
    state = cell_state(cell)
    joint = " on " if matrix.column_meaning == "evaluated domain" else ", "
    unbounded = "unbounded" if cell.estimate is not None and matrix.name == "relative_transfer" else ""
    return CellView(
        row=row,
        column=column,
        anchor=anchor,
        name=f"{matrix.title}: {row}{joint}{column}",
        value=estimate_text(matrix.unit, cell.estimate, signed=is_signed(matrix)),
        interval=interval_text(matrix.unit, cell.low, cell.high) or unbounded,
        state=state,
        word=cell.word or STATE_WORDS[state],
        shade=scale.shade(matrix, cell) if scale else 0,
        n_items="" if cell.n_items is None else count_text(cell.n_items),
        n_seeds="" if cell.n_seeds is None else count_text(cell.n_seeds),
        seed_sd=estimate_text(matrix.unit, cell.seed_sd, signed=False),
        p=p_text(cell.p),
        p_adjusted=p_text(cell.p_adjusted),
        detectable=estimate_text(matrix.unit, cell.smallest_detectable, signed=False),
        note=cell.note,
        compares=cell.compares,
        command=command,
    )


def cell_state(cell: Cell) -> State:
    """Whether a cell is beyond noise, by the word that the analysis gave it."""
    if cell.estimate is None:
        return "missing"
    if cell.word is None:
        return "untested"
    return "shown" if is_shown(cell.word) else "noise"
