"""One cell made ready to show: its numbers as text, its colour, and whether it is beyond noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xdomain.analysis.result import Cell, Matrix, RunEffort
from xdomain.report.colour import Scale
from xdomain.report.effort import Spent, spent_by_sides
from xdomain.report.layout import EQUIVALENT, equivalent_words
from xdomain.report.numbers import count_text, estimate_text, interval_text, p_text

State = Literal["shown", "noise", "untested", "missing"]
"""Beyond noise; not distinguishable from noise; no test belongs to it; no number."""

Tone = Literal["gain", "loss", "size", "none"]
"""Which end of the colour scale."""

STATE_WORDS: dict[State, str] = {
    "shown": "effect shown",
    "noise": "no effect shown",
    "untested": "not tested",
    "missing": "not measured",
}

NOT_DEFINED = "not defined"
"""How the note of a cell begins that no measurement could fill."""

NOT_RULED_OUT = "not tested; no effect is not ruled out"
NUMERATOR_NOT_SHOWN = "not tested; no effect is shown of its numerator"


@dataclass(frozen=True)
class CellView:
    """One cell as text; an empty string where there is nothing to say."""

    row: str
    """Row and column name the cell in the matrix, also where the picture is turned."""
    column: str
    anchor: str
    place: str
    """ "math -> science on math"."""
    name: str
    """ "Retention: math -> science on math"."""
    value: str
    interval: str
    state: State
    word: str
    equivalent: str
    """ "equivalent within 2 points" if that is shown, whatever `word` says; else empty."""
    tone: Tone
    shade: int
    """Strength of colour in percent."""
    n_items: str
    n_seeds: str
    seed_sd: str
    p: str
    p_adjusted: str
    detectable: str
    note: str
    """Note and caveat."""
    compares: tuple[str, ...]
    spent: Spent
    """By the sides of the comparison."""
    command: str
    mark: str = ""
    """Of the caveat's footnote; empty without one."""


def cell_view(
    matrix: Matrix,
    cell: Cell,
    row: str,
    column: str,
    *,
    effort: Mapping[str, RunEffort],
    anchor: str,
    scale: Scale | None,
    command: str,
    numerator: Cell | None = None,
) -> CellView:
    """Put one cell into words.

    Args:
        numerator: of a ratio: the tested cell that says whether there is anything to put into relation.
    """
    state, word = finding(matrix, cell, column, numerator)
    equivalent = equivalent_words(matrix.margin) if cell.equivalent and matrix.margin else ""
    place = f"{row}{' on ' if matrix.column_meaning == 'evaluated domain' else ', '}{column}"
    strength = scale.strength(matrix, cell, column) if scale else 0
    return CellView(
        row=row,
        column=column,
        anchor=anchor,
        place=place,
        name=f"{matrix.title}: {place}",
        value=value_text(matrix, cell, column),
        interval=cell_interval(matrix, cell) + (f" {EQUIVALENT}" if equivalent else ""),
        state=state,
        word=word,
        equivalent=equivalent,
        tone=_tone(matrix, column, strength),
        shade=abs(strength),
        n_items="" if cell.n_items is None else count_text(cell.n_items),
        n_seeds="" if cell.n_seeds is None else count_text(cell.n_seeds),
        seed_sd=estimate_text(matrix.unit, cell.seed_sd, signed=False),
        p=p_text(cell.p),
        p_adjusted=p_text(cell.p_adjusted),
        detectable=estimate_text(matrix.unit, cell.smallest_detectable, signed=False),
        note="; ".join(filter(None, [cell.note, cell.caveat])),
        compares=cell.compares,
        spent=spent_by_sides(effort, cell.compares),
        command=command,
    )


def cell_state(cell: Cell, centre: float | None = None) -> State:
    """Whether a cell is beyond noise: by the word that the analysis gave it, else by where its interval lies.

    Args:
        centre: the value that means no effect; None where there is none.
    """
    if cell.estimate is None:
        return "missing"
    if cell.word is not None:
        return "noise" if cell.word == "no effect shown" else "shown"
    return "untested" if centre is None or leaves_out(cell, centre) else "noise"


def leaves_out(cell: Cell, centre: float) -> bool:
    """Whether the interval, taken alone, does not hold the value that means no effect."""
    return (cell.low is not None and cell.low > centre) or (cell.high is not None and cell.high < centre)


def blank_text(cell: Cell) -> str:
    """What stands where there is no number: it was not measured, or it is not defined for these measurements."""
    return NOT_DEFINED if cell.note.startswith(NOT_DEFINED) else STATE_WORDS["missing"]


def value_text(matrix: Matrix, cell: Cell, column: str) -> str:
    """The estimate; only differences around 0 carry a sign."""
    signed = matrix.centre == 0.0 and matrix.direction_of(column) not in {"size", "level"}
    return estimate_text(matrix.unit, cell.estimate, signed=signed)


def cell_interval(matrix: Matrix, cell: Cell) -> str:
    """The interval; a ratio without one is unbounded (its denominator may be 0)."""
    if cell.estimate is not None and cell.low is None and cell.high is None:
        return "unbounded" if matrix.unit == "ratio" else "no interval"
    return interval_text(matrix.unit, cell.low, cell.high)


def finding(matrix: Matrix, cell: Cell, column: str, numerator: Cell | None = None) -> tuple[State, str]:
    """How a cell is drawn, and the finding in words.

    Where more is worse, "gain" would mislead: the effect is named without its sign. One seed cannot be told from the
    noise of seeds, so an exception of its matrix is drawn as noise.
    """
    centre = centre_of(matrix, column)
    state = cell_state(cell, centre)
    if state == "missing":
        return state, blank_text(cell)
    if centre is not None and matrix.is_exception(cell):
        return "noise", f"not tested as {matrix.speaks_of}"
    if numerator is not None and numerator.word in (None, "no effect shown"):
        return "noise", NUMERATOR_NOT_SHOWN
    if cell.word is None:
        return state, NOT_RULED_OUT if state == "noise" else STATE_WORDS[state]
    if cell.word == "no effect shown" and centre is not None and leaves_out(cell, centre):
        return state, f"none shown among the cells tested; taken alone its interval leaves out {centre:g}"
    return state, STATE_WORDS[state] if matrix.direction_of(column) == "harm" else cell.word


def centre_of(matrix: Matrix, column: str) -> float | None:
    """The value that means no effect in one column."""
    return None if matrix.direction_of(column) == "level" else matrix.centre


def _tone(matrix: Matrix, column: str, strength: int) -> Tone:
    if strength == 0 or matrix.direction_of(column) == "level":
        return "none"
    if matrix.direction_of(column) == "size":
        return "size"
    return "gain" if strength > 0 else "loss"
