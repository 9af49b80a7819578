"""How sentences write sizes and intervals, and what the sides of a comparison spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from xdomain.analysis.result import AnalysisResult, Cell, RunEffort
from xdomain.core.number_text import bracketed, points

Amount = Literal["steps", "prompts", "completion_tokens", "informative_groups"]
"""Fields of `RunEffort` that stand beside every comparison."""

NO_INTERVAL = "(no interval)"


def interval(cell: Cell) -> str:
    """ "[9.1, 21.8]" in points."""
    return bracketed(cell.low, cell.high) or NO_INTERVAL


def sized(cell: Cell) -> str:
    """The interval of the size of an effect, so that a loss of 3 points reads [1.0, 5.0]."""
    return interval(cell if (cell.estimate or 0) >= 0 else cell.negated())


def of_sides(effort: Mapping[str, RunEffort], compares: Sequence[str], amount: Amount) -> tuple[float | None, ...]:
    """What the first of the compared runs spent, then what the others did, equal amounts of these once.

    The base, which spent nothing, is left out where two trained runs are compared (asymmetry, relative transfer).
    """
    runs = [effort[label] for label in compares if label in effort]
    trained = [run for run in runs if run.steps != 0]
    first, *others = [getattr(run, amount) for run in (trained if len(trained) > 1 else runs)] or [None]
    return (first, *dict.fromkeys(others))


def steps_by_phase(result: AnalysisResult) -> dict[str, tuple[int, ...]]:
    """Return the optimizer steps of each phase by run; a run of which not all phases are known is left out."""
    ends = {trajectory.curriculum: trajectory.phase_ends for trajectory in result.trajectories}
    return {
        label: tuple(end - start for start, end in zip((0, *found), found, strict=False))
        for label, found in ends.items()
        if label in result.effort and len(found) == len(result.effort[label].phases)
    }


def steps_apart(effort: Mapping[str, RunEffort], compares: Sequence[str]) -> str:
    """ " (120 against 240 steps)" where two trained runs were not trained equally long, else empty."""
    first, *others = of_sides(effort, compares, "steps")
    if not first or not all(others) or set(others) <= {first}:
        return ""
    return f" ({first:,.6g} against {' and '.join(f'{steps:,.6g}' for steps in others)} steps)"


def not_ruled_out(cells: Sequence[Cell], what: str = "effects") -> str:
    """What cells without a shown effect leave open: the largest effect that some interval still holds.

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
