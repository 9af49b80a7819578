"""Expressions against a result: which cell "order(math, science) on science" is, and whether a condition holds.

A condition holds only when the 95% interval supports it: "x < -0.05" needs the interval's upper end below -0.05.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdomain.analysis.multiplicity import OPPOSITE
from xdomain.analysis.result import AnalysisResult, Cell, Matrix
from xdomain.config.analysis import Condition, Quantity, parse_condition, parse_quantity
from xdomain.core.errors import AnalysisError, GateFailed
from xdomain.core.registry import did_you_mean

SEQUENCE_COLUMNS = {
    "acc": "ACC",
    "bwt": "BWT",
    "fwt": "FWT",
    "forgetting": "forgetting",
    "worst_domain": "worst domain",
    "relative_change": "relative change",
}
MATRIX_NAMES = {"order": "order_effect"}


@dataclass(frozen=True)
class GateOutcome:
    """What a condition came to.

    Attributes:
        holds: the interval supports the condition.
        sentence: why, with the numbers.
    """

    condition: str
    cell: Cell
    holds: bool
    sentence: str


def evaluate_gate(result: AnalysisResult, text: str) -> GateOutcome:
    """Evaluate "retention(math -> science) < -0.05".

    Raises:
        ConfigError: the expression cannot be read.
        AnalysisError: the result has no such cell.
    """
    condition = parse_condition(text)
    cell = find_cell(result, condition.quantity)
    holds = _supported(cell, condition)
    if cell.estimate is None:
        return GateOutcome(
            str(condition), cell, False, f"{condition}: not measured ({cell.note}), so it does not hold."
        )
    interval = _interval_words(cell)
    verdict = "holds: the interval supports it" if holds else "does not hold: the interval does not support it"
    sentence = (
        f"{condition} {verdict}; {condition.quantity} is {cell.estimate:.4f} {interval}, {cell.speaks_of or 'unknown'}."
    )
    return GateOutcome(str(condition), cell, holds, sentence)


def check_gates(result: AnalysisResult, texts: tuple[str, ...]) -> tuple[GateOutcome, ...]:
    """Evaluate all conditions of `--fail-if`.

    Raises:
        GateFailed: one or more hold; the message names each.
    """
    outcomes = tuple(evaluate_gate(result, text) for text in texts)
    failed = [outcome.sentence for outcome in outcomes if outcome.holds]
    if failed:
        raise GateFailed(" ".join(failed), where="--fail-if")
    return outcomes


def find_cell(result: AnalysisResult, quantity: Quantity) -> Cell:
    """The cell that a quantity names; order(B, A) is read from order(A, B) with its sign turned.

    Raises:
        AnalysisError: no such cell, with what there is.
    """
    if not quantity.runs:
        found: Cell = getattr(result.summary, quantity.name)
        return found
    if quantity.name in SEQUENCE_COLUMNS:
        return _pick(result.sequence, quantity.runs[0], SEQUENCE_COLUMNS[quantity.name], quantity)
    matrix: Matrix = getattr(result, MATRIX_NAMES.get(quantity.name, quantity.name))
    if quantity.name.startswith("asymmetry"):
        return _pick(matrix, quantity.runs[0], quantity.runs[1], quantity)
    if quantity.name in ("order", "order_sensitivity"):
        return _order_cell(matrix, quantity)
    if quantity.name.startswith("mix_gain") and len(quantity.runs) == 2:
        return _pick(matrix, " + ".join(sorted(quantity.runs)), quantity.domain, quantity)
    return _pick(matrix, quantity.runs[0], quantity.domain, quantity)


def cells_named(result: AnalysisResult, names: Iterable[str]) -> dict[str, Cell]:
    """The cells that `names` ("order(math, science) on science") mean in `result`, without those it does not have."""
    found: dict[str, Cell] = {}
    for name in names:
        try:
            cell = find_cell(result, parse_quantity(name))
        except AnalysisError:
            continue
        if cell.estimate is not None:
            found[name] = cell
    return found


def _order_cell(matrix: Matrix, quantity: Quantity) -> Cell:
    column = quantity.domain or "trained domains"
    row, turned = ", ".join(quantity.runs), ", ".join(reversed(quantity.runs))
    if row not in matrix.cells and turned in matrix.cells:
        cell = _pick(matrix, turned, column, quantity)
        return negated(cell) if quantity.name == "order" else cell
    return _pick(matrix, row, column, quantity)


def negated(cell: Cell) -> Cell:
    """The same comparison from the other side."""
    turned = {
        "estimate": None if cell.estimate is None else -cell.estimate,
        "low": None if cell.high is None else -cell.high,
        "high": None if cell.low is None else -cell.low,
        "word": OPPOSITE[cell.word] if cell.word else None,
        "compares": tuple(reversed(cell.compares)),
    }
    return cell.model_copy(update=turned)


def _pick(matrix: Matrix, row: str, column: str | None, quantity: Quantity) -> Cell:
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
    return columns[column]


def _supported(cell: Cell, condition: Condition) -> bool:
    if condition.operator in ("<", "<="):
        return cell.high is not None and (
            cell.high < condition.threshold or (condition.operator == "<=" and cell.high == condition.threshold)
        )
    return cell.low is not None and (
        cell.low > condition.threshold or (condition.operator == ">=" and cell.low == condition.threshold)
    )


def _interval_words(cell: Cell) -> str:
    if cell.low is None or cell.high is None:
        return "without an interval" + (f" ({cell.note})" if cell.note else "")
    return f"[{cell.low:.4f}, {cell.high:.4f}]"
