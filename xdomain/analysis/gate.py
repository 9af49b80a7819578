"""Gates: find the cell that an expression such as "order(math, science) on science" names, and judge a condition.

The 95% interval decides. "x < -0.05" is supported if the whole interval is below -0.05, refuted if none of it is, and
undecided otherwise. Without an interval nothing is decided.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xdomain.analysis.estimand import Place
from xdomain.analysis.quantities import address_of, read_condition, read_quantity
from xdomain.analysis.result import AnalysisResult, Cell, Matrix
from xdomain.config.analysis import Condition, Quantity
from xdomain.core.errors import AnalysisError, GateRefuted, GateUndecided
from xdomain.core.number_text import bracketed, decimals
from xdomain.core.registry import did_you_mean


class Answer(StrEnum):
    """Answer of an interval to a condition."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class GateOutcome:
    """The outcome of one condition.

    Attributes:
        condition: Condition in canonical text.
        cell: Cell of the quantity that the condition names.
        answer: Answer of the interval to the condition.
        sentence: Answer with its numbers.
    """

    condition: str
    cell: Cell
    answer: Answer
    sentence: str


def evaluate_gate(result: AnalysisResult, text: str) -> GateOutcome:
    """Evaluate a condition such as "retention(math -> science) < -0.05".

    Raises:
        ConfigError: The expression cannot be read.
        AnalysisError: The result has no such cell.
    """
    condition = read_condition(text)
    cell = find_cell(result, condition.quantity)
    answer = answer_of(cell, condition)
    if cell.estimate is None:
        return GateOutcome(str(condition), cell, answer, f"{condition} is {answer}: {cell.note or 'not measured'}.")
    scope = f" (about {cell.speaks_of})" if cell.speaks_of else ""
    sentence = f"{condition} is {answer}: {condition.quantity} is {cell.estimate:.4f} {_interval_words(cell)}{scope}."
    return GateOutcome(str(condition), cell, answer, sentence)


def check_gates(
    result: AnalysisResult, fail_if: Sequence[str] = (), require: Sequence[str] = ()
) -> tuple[GateOutcome, ...]:
    """Evaluate every condition and return the outcomes, those of `fail_if` first.

    Raises:
        ConfigError: An expression cannot be read.
        AnalysisError: The result has no such cell.
        GateRefuted: A condition of `fail_if` is supported, or one of `require` is refuted; the message names each.
        GateUndecided: No condition is refuted, but one of `require` is undecided; the message names each.
    """
    failing = [evaluate_gate(result, text) for text in fail_if]
    required = [evaluate_gate(result, text) for text in require]
    refuted = [f"--fail-if: {gate.sentence}" for gate in failing if gate.answer is Answer.SUPPORTED]
    refuted += [f"--require: {gate.sentence}" for gate in required if gate.answer is Answer.REFUTED]
    undecided = [f"--require: {gate.sentence}" for gate in required if gate.answer is Answer.UNDECIDED]
    if refuted:
        raise GateRefuted(" ".join([*refuted, *undecided]))
    if undecided:
        raise GateUndecided(" ".join(undecided), fix="Use more items or seeds to narrow the interval.")
    return (*failing, *required)


def find_cell(result: AnalysisResult, quantity: Quantity) -> Cell:
    """Return the cell that a quantity names; order(B, A) is order(A, B) with the opposite sign.

    Raises:
        ConfigError: No quantity has this name.
        AnalysisError: The result has no such cell; the message lists the existing ones.
    """
    name, _ = address_of(quantity)
    if name is None:
        mean: Cell = getattr(result.summary, quantity.name)
        return mean
    matrix, place = find_place(result, quantity)
    cell = matrix.cells[place.row][str(place.column)]
    return cell.negated() if place.negated else cell


def find_place(result: AnalysisResult, quantity: Quantity) -> tuple[Matrix, Place]:
    """Return the matrix of a quantity, and the place of its cell with row and column.

    Raises:
        ConfigError: No quantity has this name.
        AnalysisError: The result has no such cell; the message lists the existing ones.
    """
    name, address = address_of(quantity)
    matrix = result.matrix(name or quantity.name)
    places = address.places(quantity)
    place = next((place for place in places if place.row in matrix.cells), places[0])
    return matrix, replace(place, column=_column(matrix, place, quantity))


def cells_named(result: AnalysisResult, names: Iterable[str]) -> dict[str, Cell]:
    """Return the cells that `names` ("order(math, science) on science") denote in `result`, without missing ones."""
    found: dict[str, Cell] = {}
    for name in names:
        try:
            cell = find_cell(result, read_quantity(name))
        except AnalysisError:
            continue
        if cell.estimate is not None:
            found[name] = cell
    return found


def _column(matrix: Matrix, place: Place, quantity: Quantity) -> str:
    row, column = place.row, place.column
    if row not in matrix.cells:
        known = ", ".join(f'"{name}"' for name in matrix.rows) or "none"
        raise AnalysisError(
            f'"{quantity}": {matrix.name} has no row "{row}".{did_you_mean(row, matrix.rows)}',
            fix=f"There are: {known}.",
        )
    columns = matrix.cells[row]
    if column is None:
        if len(columns) != 1:
            raise AnalysisError(
                f'"{quantity}" is defined on {", ".join(columns)}.',
                fix=f'Name one: "{quantity} on {next(iter(columns), "")}".',
            )
        column = next(iter(columns))
    if column not in columns:
        raise AnalysisError(
            f'"{quantity}" is not defined on "{column}".{did_you_mean(column, columns)}',
            fix=f"It is defined on {', '.join(columns)}.",
        )
    return column


HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def answer_of(cell: Cell, condition: Condition) -> Answer:
    """Compare both ends of the interval with the threshold; they must agree.

    A missing end counts as unbounded, so a cell without an interval decides nothing.
    """
    holds = HOLDS[condition.operator]
    low = -math.inf if cell.low is None else cell.low
    high = math.inf if cell.high is None else cell.high
    at_low, at_high = holds(low, condition.threshold), holds(high, condition.threshold)
    if at_low != at_high:
        return Answer.UNDECIDED
    return Answer.SUPPORTED if at_low else Answer.REFUTED


def _interval_words(cell: Cell) -> str:
    if cell.low is None or cell.high is None:
        return "without an interval" + (f" ({cell.note})" if cell.note else "")
    return bracketed(cell.low, cell.high, lambda value: decimals(value, 4))
