"""Effort of the sides of a comparison, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdomain.analysis.amounts import Amount, of_sides
from xdomain.analysis.result import AnalysisResult, Matrix, RunEffort
from xdomain.report.numbers import count_text

AMOUNTS: dict[Amount, str] = {
    "steps": "steps",
    "prompts": "prompts",
    "completion_tokens": "generated tokens",
    "informative_groups": "informative groups",
}
"""Amounts that are shown with every comparison, keyed by field of `RunEffort`."""

Spent = tuple[str, ...]
"""One text per amount, in the order of `AMOUNTS`."""


def spent_by_sides(effort: Mapping[str, RunEffort], compares: Sequence[str]) -> Spent:
    """Return a text per amount: "120 against 240", "240 each", or "240" for a single run.

    A text is empty if no run's effort is known.
    """
    if not any(label in effort for label in compares):
        return ("",) * len(AMOUNTS)
    return tuple(_amounts(of_sides(effort, compares, amount)) for amount in AMOUNTS)


def _amounts(amounts: Sequence[float | None]) -> str:
    first, *others = map(count_text, amounts)
    if others == [first]:
        return first if amounts[0] is None else f"{first} each"
    return f"{first} against {' and '.join(others)}" if others else first


def comparisons(result: AnalysisResult, matrix: Matrix) -> dict[str, Spent]:
    """Return the effort of both sides of each comparison that a matrix measured, keyed by "A against B"."""
    sides = dict.fromkeys(
        cell.compares
        for cells in matrix.cells.values()
        for cell in cells.values()
        if cell.estimate is not None and len(cell.compares) > 1
    )
    return {
        f"{compares[0]} against {', '.join(compares[1:])}": spent_by_sides(result.effort, compares)
        for compares in sides
        if any(
            getattr(result.effort[label], amount) for label in compares if label in result.effort for amount in AMOUNTS
        )
    }


def steps_line(result: AnalysisResult, matrix: Matrix) -> str:
    """Return a line such as "Steps of the runs compared: 120 against 240; 240 each." for a whole matrix.

    It is empty if no steps are known.
    """
    steps = dict.fromkeys(spent[0] for spent in comparisons(result, matrix).values())
    return f"Steps of the runs compared: {'; '.join(steps)}." if steps else ""
