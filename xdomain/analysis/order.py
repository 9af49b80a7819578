"""Pairs of runs that train the same two phases in both orders."""

from __future__ import annotations

from xdomain.analysis.estimand import Grid
from xdomain.analysis.runs import Run
from xdomain.config.run_id import RunId


def order_pairs(grid: Grid) -> dict[str, tuple[Run, Run]]:
    """Map "A, B" to the runs A -> B and B -> A, for each unordered pair in the order of the domains."""
    of_two = {run.id: run for run in grid.book.trained if len(run.id.phases) == 2}
    found: dict[str, tuple[Run, Run]] = {}
    seen: set[RunId] = set()
    for run in of_two.values():
        other = of_two.get(run.id.reversed())
        if other is None or other is run or other.id in seen:
            continue
        seen.add(run.id)
        left, right = (run, other) if _place(grid, run) <= _place(grid, other) else (other, run)
        found[left.id.with_strategy(", ".join(map(str, left.id.phases)))] = (left, right)
    return found


def _place(grid: Grid, run: Run) -> tuple[int, ...]:
    position = {name: number for number, name in enumerate(grid.domains)}
    return tuple(position.get(name, len(position)) for name in run.id.domains)
