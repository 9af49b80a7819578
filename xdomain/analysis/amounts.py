"""How sentences write sizes and intervals, and what the sides of a comparison spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from xdomain.analysis.result import Cell, RunEffort
from xdomain.core.number_text import points

Amount = Literal["steps", "prompts", "completion_tokens", "informative_groups"]
"""Fields of `RunEffort` that stand beside every comparison."""

MOST_NAMED = 3
"""Cells that a sentence names before it counts the rest."""


def interval(cell: Cell) -> str:
    """ "[9.1, 21.8]" in points."""
    if cell.low is None or cell.high is None:
        return "(no interval)"
    return f"[{points(cell.low)}, {points(cell.high)}]"


def sized(cell: Cell) -> str:
    """The interval of the size of an effect, so that a loss of 3 points reads [1.0, 5.0]."""
    if cell.low is None or cell.high is None:
        return "(no interval)"
    low, high = (cell.low, cell.high) if (cell.estimate or 0) >= 0 else (-cell.high, -cell.low)
    return f"[{points(low)}, {points(high)}]"


def of_sides(effort: Mapping[str, RunEffort], compares: Sequence[str], amount: Amount) -> tuple[float | None, ...]:
    """What the first of the compared runs spent, then what the others did, equal amounts of these once.

    The base, which spent nothing, is left out where two trained runs are compared (asymmetry, relative transfer).
    """
    runs = [effort[label] for label in compares if label in effort]
    trained = [run for run in runs if run.steps != 0]
    first, *others = [getattr(run, amount) for run in (trained if len(trained) > 1 else runs)] or [None]
    return (first, *dict.fromkeys(others))


def steps_apart(effort: Mapping[str, RunEffort], compares: Sequence[str]) -> str:
    """ " (120 against 240 steps)" where two trained runs were not trained equally long, else empty."""
    first, *others = of_sides(effort, compares, "steps")
    if not first or not all(others) or set(others) <= {first}:
        return ""
    return f" ({first:,.6g} against {' and '.join(f'{steps:,.6g}' for steps in others)} steps)"


def not_ruled_out(named: Sequence[tuple[str, Cell]], what: str) -> str:
    """What cells without a shown effect leave open: the largest effect, and which intervals leave out 0 when taken
    alone, though the adjusted p does not reach the level.

    Args:
        named: every such cell with its name.
        what: "effects" or "differences".
    """
    bounded = [
        (name, cell, cell.low, cell.high) for name, cell in named if cell.low is not None and cell.high is not None
    ]
    if not bounded:
        return ""
    reach = max(max(abs(low), abs(high)) for _, _, low, high in bounded)
    alone = sorted(
        ((name, cell) for name, cell, low, high in bounded if low > 0 or high < 0),
        key=lambda found: found[1].p_adjusted or 0.0,
    )
    words = [f"{name} {interval(cell)} (adjusted p {cell.p_adjusted or 0.0:.2g})" for name, cell in alone[:MOST_NAMED]]
    if len(alone) > MOST_NAMED:
        words.append(f"{len(alone) - MOST_NAMED} more")
    leave = f"; taken alone, 0 lies outside {', '.join(words)}" if words else ""
    return f"; {what} up to {points(reach)} points are not ruled out{leave}"
