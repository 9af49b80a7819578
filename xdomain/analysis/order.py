"""Pairs of runs that train the same two phases in both orders."""

from __future__ import annotations

from xdomain.analysis.estimand import Grid
from xdomain.analysis.runs import Run


def order_pairs(grid: Grid) -> dict[str, tuple[Run, Run]]:
    """ "A, B" to the runs A -> B and B -> A, each unordered pair once, oriented by the order of the domains."""
    by_phases = {
        (run.strategy, tuple(str(phase) for phase in run.parsed.phases)): run
        for run in grid.book.trained
        if run.parsed and len(run.parsed.phases) == 2
    }
    found: dict[str, tuple[Run, Run]] = {}
    seen: set[frozenset[str]] = set()
    for (strategy, (first, second)), run in by_phases.items():
        other = by_phases.get((strategy, (second, first)))
        key = frozenset([run.label, other.label if other else ""])
        if other is None or first == second or key in seen:
            continue
        seen.add(key)
        forward = _place(grid, run) <= _place(grid, other)
        left, right = (run, other) if forward else (other, run)
        suffix = "" if strategy in (None, "joint") else f" [{strategy}]"
        found[", ".join([first, second] if forward else [second, first]) + suffix] = (left, right)
    return found


def _place(grid: Grid, run: Run) -> tuple[int, ...]:
    position = {name: number for number, name in enumerate(grid.domains)}
    return tuple(position.get(name, len(position)) for name in run.trained)
