"""Cells prepared for display: numbers as text, a colour, and whether an effect is beyond noise."""

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
"""Beyond noise; not distinguishable from noise; not tested; without a number."""

Tone = Literal["gain", "loss", "size", "none"]
"""End of the colour scale."""

STATE_WORDS: dict[State, str] = {
    "shown": "effect shown",
    "noise": "no effect shown",
    "untested": "not tested",
    "missing": "not measured",
}

NOT_DEFINED = "not defined"
"""Beginning of the note of a cell that no measurement could fill."""

NOT_RULED_OUT = "not tested; its interval includes no effect"
NUMERATOR_NOT_SHOWN = "not tested; its numerator shows no effect"


@dataclass(frozen=True)
class CellView:
    """The texts that show one cell. A text is empty if there is nothing to say."""

    row: str
    """The cell's row in the matrix. `row` and `column` keep this meaning if the picture is transposed."""
    column: str
    anchor: str
    place: str
    """Position in words, such as "math -> science on math"."""
    name: str
    """Title and position, such as "Retention: math -> science on math"."""
    value: str
    interval: str
    state: State
    word: str
    equivalent: str
    """A text such as "equivalent within 2 points" if equivalence is shown, independent of `word`; else empty."""
    tone: Tone
    shade: int
    """Strength of the colour in percent."""
    n_items: str
    n_seeds: str
    seed_sd: str
    p: str
    p_adjusted: str
    detectable: str
    note: str
    """Note and caveat of the cell."""
    compares: tuple[str, ...]
    spent: Spent
    """Effort of the two sides of the comparison."""
    command: str
    mark: str = ""
    """Footnote mark of the caveat; empty if there is no caveat."""


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
    """Convert one cell to text.

    Args:
        numerator: Tested cell that belongs to a ratio's numerator. It decides whether the ratio has an effect to
            relate.
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
    """Return whether a cell is beyond noise: from the analysis's conclusion if it has one, else from its interval.

    Args:
        centre: Value that means no effect; None if the column has no such value.
    """
    if cell.estimate is None:
        return "missing"
    if cell.word is not None:
        return "noise" if cell.word == "no effect shown" else "shown"
    return "untested" if centre is None or leaves_out(cell, centre) else "noise"


def leaves_out(cell: Cell, centre: float) -> bool:
    """Return whether the cell's own interval excludes the value that means no effect."""
    return (cell.low is not None and cell.low > centre) or (cell.high is not None and cell.high < centre)


def blank_text(cell: Cell) -> str:
    """Return the text for a cell without a number: it was not measured, or it is not defined for these measurements."""
    return NOT_DEFINED if cell.note.startswith(NOT_DEFINED) else STATE_WORDS["missing"]


def value_text(matrix: Matrix, cell: Cell, column: str) -> str:
    """Return the estimate; only differences around 0 carry a sign."""
    signed = matrix.centre == 0.0 and matrix.direction_of(column) not in {"size", "level"}
    return estimate_text(matrix.unit, cell.estimate, signed=signed)


def cell_interval(matrix: Matrix, cell: Cell) -> str:
    """Return the interval. A ratio without limits is unbounded, because its denominator may be 0."""
    if cell.estimate is not None and cell.low is None and cell.high is None:
        return "unbounded" if matrix.unit == "ratio" else "no interval"
    return interval_text(matrix.unit, cell.low, cell.high)


def finding(matrix: Matrix, cell: Cell, column: str, numerator: Cell | None = None) -> tuple[State, str]:
    """Return the state that decides how a cell is drawn, and its finding in words.

    If a larger value is worse, "gain" would mislead, so the effect is named without its sign. With one training seed,
    an effect cannot be separated from the variation between seeds, so a cell with one seed in a matrix of several is
    drawn as noise.
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
        return state, f"no effect shown after adjustment; the unadjusted interval excludes {centre:g}"
    return state, STATE_WORDS[state] if matrix.direction_of(column) == "harm" else cell.word


def centre_of(matrix: Matrix, column: str) -> float | None:
    """Return the value that means no effect in one column."""
    return None if matrix.direction_of(column) == "level" else matrix.centre


def _tone(matrix: Matrix, column: str, strength: int) -> Tone:
    if strength == 0 or matrix.direction_of(column) == "level":
        return "none"
    if matrix.direction_of(column) == "size":
        return "size"
    return "gain" if strength > 0 else "loss"
