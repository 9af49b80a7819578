"""The cost of strategies as text: one table a curriculum."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.analysis.result import AnalysisResult, Cell, StrategyCost
from xdomain.report.numbers import count_text, estimate_text, interval_text

HEADER = (
    "run",
    "seconds a step",
    "times the reference",
    "tokens a step",
    "displacement",
    "times the reference",
    "note",
)
MEANING = (
    "Of the last phase, means over seeds. Seconds are wall time on the machine that ran it, whatever else it did, so "
    "small differences are no finding. Displacement is the length of the change of all weights from the parent. Ratios "
    "are geometric means over seeds with a 95% t interval; the reference is the first row."
)


@dataclass(frozen=True)
class CostTable:
    """One curriculum's strategies, the reference first, the others in plan order."""

    curriculum: str
    rows: tuple[tuple[str, ...], ...]


def cost_tables(result: AnalysisResult) -> list[CostTable]:
    """Nothing where no curriculum was run with several strategies."""
    return [
        CostTable(comparison.curriculum, tuple(_row(cost) for cost in comparison.costs))
        for comparison in result.strategies
    ]


def _row(cost: StrategyCost) -> tuple[str, ...]:
    return (
        cost.run,
        _number(cost.seconds_per_step, 3),
        _ratio(cost.seconds_ratio),
        count_text(cost.tokens_per_step),
        _number(cost.displacement, 3),
        _ratio(cost.displacement_ratio),
        _note(cost),
    )


def _note(cost: StrategyCost) -> str:
    if cost.moves is None:
        return ""
    return f"moves {cost.moves}" + (f"; {cost.matched} moves as far" if cost.matched else "")


def _number(value: float | None, digits: int) -> str:
    return "not recorded" if value is None else f"{value:.{digits}g}"


def _ratio(cell: Cell) -> str:
    return (
        f"{estimate_text('ratio', cell.estimate, signed=False)} {interval_text('ratio', cell.low, cell.high)}".strip()
    )
