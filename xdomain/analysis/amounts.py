"""Text for sizes, intervals and the effort of both sides of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from xdomain.analysis.result import AnalysisResult, Cell, RunEffort
from xdomain.core.number_text import bracketed, points

Amount = Literal["steps", "prompts", "completion_tokens", "informative_groups"]
"""Fields of `RunEffort` that are shown with every comparison."""

NO_INTERVAL = "(no interval)"


def interval(cell: Cell) -> str:
    """Return the interval in points, such as "[9.1, 21.8]"."""
    return bracketed(cell.low, cell.high) or NO_INTERVAL


def sized(cell: Cell) -> str:
    """Return the interval of the size of an effect: a loss of 3 points gives "[1.0, 5.0]"."""
    return interval(cell if (cell.estimate or 0) >= 0 else cell.negated())


def of_sides(effort: Mapping[str, RunEffort], compares: Sequence[str], amount: Amount) -> tuple[float | None, ...]:
    """Return the amount that the first of the compared runs spent, then the distinct amounts of the others.

    The base model, which spent nothing, is left out if two trained runs are compared (asymmetry, relative transfer).
    """
    runs = [effort[label] for label in compares if label in effort]
    trained = [run for run in runs if run.steps != 0]
    first, *others = [getattr(run, amount) for run in (trained if len(trained) > 1 else runs)] or [None]
    return (first, *dict.fromkeys(others))


def steps_by_phase(result: AnalysisResult) -> dict[str, tuple[int, ...]]:
    """Return the optimizer steps of each phase, keyed by run; runs with an unknown phase are left out."""
    ends = {trajectory.curriculum: trajectory.phase_ends for trajectory in result.trajectories}
    return {
        label: tuple(end - start for start, end in zip((0, *found), found, strict=False))
        for label, found in ends.items()
        if label in result.effort and len(found) == len(result.effort[label].phases)
    }


def steps_apart(effort: Mapping[str, RunEffort], compares: Sequence[str]) -> str:
    """Return " (120 against 240 steps)" if two trained runs differ in their number of steps, else an empty string."""
    first, *others = of_sides(effort, compares, "steps")
    if not first or not all(others) or set(others) <= {first}:
        return ""
    return f" ({first:,.6g} against {' and '.join(f'{steps:,.6g}' for steps in others)} steps)"


def not_ruled_out(cells: Sequence[Cell], what: str = "effects") -> str:
    """Return the largest effect that is inside the interval of a cell without a shown effect.

    Args:
        what: "effects" or "differences".
    """
    ends = [abs(end) for cell in cells for end in (cell.low, cell.high) if end is not None]
    if not ends:
        return "; there is no interval"
    reach = max(ends)
    if reach >= 1.0:
        return f"; some intervals rule out no size of {what}"
    return f"; {what} up to {points(reach)} points are not ruled out"
