"""Order effects: A -> B against B -> A, their size, and the range over the orders of longer curricula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from xdomain.analysis.contrast import Blank, join
from xdomain.analysis.definitions import ORDER_EFFECT, ORDER_SENSITIVITY, PERMUTATION_RANGE
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.maxima import Extreme, pairwise, size, spread
from xdomain.analysis.multiplicity import adjust_matrix, whole_matrix
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.config.run_id import RunId

TRAINED, EVERY = "trained domains", "all domains"


def order_pairs(study: Study) -> dict[str, tuple[Run, Run]]:
    """ "A, B" to the runs A -> B and B -> A, each unordered pair once, oriented by the order of the domains."""
    of_two = {run.id: run for run in study.book.trained if len(run.id.phases) == 2}
    found: dict[str, tuple[Run, Run]] = {}
    seen: set[RunId] = set()
    for run in of_two.values():
        other = of_two.get(run.id.reversed())
        if other is None or other is run or other.id in seen:
            continue
        seen.add(run.id)
        left, right = (run, other) if _place(study, run) <= _place(study, other) else (other, run)
        found[left.id.with_strategy(", ".join(map(str, left.id.phases)))] = (left, right)
    return found


def _place(study: Study, run: Run) -> tuple[int, ...]:
    position = {name: number for number, name in enumerate(study.domains)}
    return tuple(position.get(name, len(position)) for name in run.id.domains)


def order_estimates(study: Study) -> dict[tuple[str, str], Measured]:
    """order(A, B) on t by ("A, B", t)."""
    return pool_effects(
        {
            (row, domain): study.difference(left, right, domain)
            for row, (left, right) in order_pairs(study).items()
            for domain in study.domains
        }
    )


def order_matrix(study: Study, estimates: Mapping[tuple[str, str], Measured]) -> Matrix:
    matrix = study.matrix({key: to_cell(found) for key, found in estimates.items()}, study.domains, ORDER_EFFECT)
    return adjust_matrix(matrix, [whole_matrix(matrix)])


def sensitivity_matrix(study: Study, estimates: Mapping[tuple[str, str], Measured]) -> Matrix:
    cells: dict[tuple[str, str], Cell] = {}
    for row, (left, right) in order_pairs(study).items():
        trained = [domain for domain in study.domains if domain in left.id.domains]
        for column, domains in ((TRAINED, trained), (EVERY, list(study.domains))):
            parts = [estimates[row, domain] for domain in domains]
            cells[row, column] = joint_cell(parts, (left.label, right.label))
    matrix = study.matrix(cells, (TRAINED, EVERY), ORDER_SENSITIVITY)
    families = [[(row, column) for row in matrix.rows] for column in matrix.columns]
    return adjust_matrix(matrix, families, signed=False)


def joint_cell(parts: Sequence[Measured], compares: tuple[str, ...]) -> Cell:
    """Size of several effects together; blank if one of them is."""
    if not parts:
        return Cell(note="not defined: no evaluated domain is trained", compares=compares)
    known: list[Estimate] = []
    for part in parts:
        if isinstance(part, Blank):
            return Cell(note=part.note, compares=compares)
        known.append(part)
    if not all(part.has_interval for part in known):
        return Cell(note=f"not defined: a part has {known[0].note}", compares=compares)
    return extreme_cell(size(known), known, compares, sum(part.n_items for part in known))


def extreme_cell(
    extreme: Extreme, parts: Sequence[Estimate], compares: tuple[str, ...], n_items: int, note: str = ""
) -> Cell:
    """Cell of a corrected extreme with the counts of what went into it."""
    return Cell(
        estimate=extreme.value,
        low=extreme.low,
        high=extreme.high,
        n_items=n_items,
        n_seeds=min(part.n_seeds for part in parts),
        p=extreme.p,
        speaks_of=min(parts, key=lambda part: part.n_seeds).speaks_of,
        smallest_detectable=extreme.detectable,
        compares=compares,
        note=join(note, *(part.note for part in parts)),
        caveat=join(*(part.caveat for part in parts)),
    )


def range_matrix(study: Study, range_cell: Callable[[Study, Sequence[Run], str], Cell] | None = None) -> Matrix:
    """Range over the planned orders of the same three or more phases.

    Args:
        range_cell: what to make of the runs of the orders on one domain; by default the range over common items.
    """
    one = range_cell or _range_cell
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in study.book.trained:
        if len(run.id.phases) > 2:
            groups[run.id.with_strategy(", ".join(sorted(map(str, run.id.phases))))].append(run)
    cells: dict[tuple[str, str], Cell] = {}
    for row, runs in groups.items():
        if len(runs) > 1:
            cells |= {(row, domain): one(study, runs, domain) for domain in study.domains}
    matrix = study.matrix(cells, study.domains, PERMUTATION_RANGE)
    return adjust_matrix(matrix, [whole_matrix(matrix)], signed=False)


def _range_cell(study: Study, runs: Sequence[Run], domain: str) -> Cell:
    labels = tuple(run.label for run in runs)
    aligned = study.align(domain, runs)
    if isinstance(aligned, Blank):
        return Cell(note=aligned.note, compares=labels)
    n_items, n_seeds = len(aligned.items), len(aligned.seeds)
    found = None
    if n_items > 1:
        found = spread(pairwise(np.stack([aligned.scores(run) for run in runs]), aligned.clusters))
    if found is None:
        return Cell(
            n_items=n_items, n_seeds=n_seeds, compares=labels, note="not defined: two orders do not differ at all"
        )
    return Cell(
        estimate=found.value,
        low=found.low,
        high=found.high,
        n_items=n_items,
        n_seeds=n_seeds,
        p=found.p,
        speaks_of="the recipe" if n_seeds > 1 else "these checkpoints",
        smallest_detectable=found.detectable,
        compares=labels,
        note=f"{len(runs)} orders",
        caveat=aligned.caveat,
    )
