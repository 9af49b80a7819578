"""The smallest effect that a planned grid could detect per matrix, and what a stated effect needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from xdomain.analysis.estimand import Family
from xdomain.analysis.planned import planned_families
from xdomain.analysis.power import Design, both_needed, items_needed, seeds_needed, smallest_detectable
from xdomain.plan.graph import Plan
from xdomain.resolve.sizes import EvaluatedItems

TWO_CHECKPOINTS, LONE_CONTRAST = "two checkpoints", "a lone contrast"


@dataclass(frozen=True)
class Line:
    """What one kind of cell could show; effects are fractions.

    Attributes:
        cells: tests of its family.
        before: smallest detectable effect before adjustment.
        adjusted: as the only effect of its family.
        items, seeds: that the stated effect needs before adjustment, all else as planned; None where no number of them
            suffices, or no effect was stated.
        both: seeds and items that suffice together, where neither does alone.
    """

    matrix: str
    cells: int
    before: float
    adjusted: float
    items: int | None = None
    seeds: int | None = None
    both: tuple[int, int] | None = None


@dataclass(frozen=True)
class Outlook:
    """The domains that are evaluated on the same number of items."""

    domains: tuple[str, ...]
    items: int
    lines: tuple[Line, ...]


def outlooks(plan: Plan, items: dict[str, EvaluatedItems], effect: float | None) -> list[Outlook]:
    """One for each number of items, the most first; a domain without an item has none.

    Args:
        effect: a fraction, for `Line.items` and `Line.seeds`.
    """
    sizes = sorted({found.count for found in items.values()} - {0}, reverse=True)
    return [
        Outlook(
            tuple(name for name, found in items.items() if found.count == size),
            size,
            tuple(_lines(plan, size, effect)),
        )
        for size in sizes
    ]


def _lines(plan: Plan, n_items: int, effect: float | None) -> Iterator[Line]:
    experiment = plan.experiment
    seeds = len(experiment.seeds)
    design = Design(n_items, experiment.evaluation.samples, seeds, n_contrasts=1)
    yield replace(_line(TWO_CHECKPOINTS, 1, replace(design, n_seeds=1), effect), seeds=None)  # they have no others
    if seeds > 1:
        yield _line(LONE_CONTRAST, 1, design, effect)
    for name, family in planned_families(plan).items():
        yield _line(name.replace("_", " "), family.cells, _of_family(design, family), effect)


def _of_family(design: Design, family: Family) -> Design:
    return replace(
        design,
        n_contrasts=family.n_contrasts,
        trained_sides=family.trained_sides,
        n_domains=family.n_domains,
        n_parts=family.n_parts,
    )


def _line(matrix: str, cells: int, design: Design, effect: float | None) -> Line:
    line = Line(matrix, cells, smallest_detectable(design), smallest_detectable(design, cells))
    if effect is None:
        return line
    items, seeds = items_needed(effect, design), seeds_needed(effect, design)
    both = both_needed(effect, design) if items is None and seeds is None else None
    return replace(line, items=items, seeds=seeds, both=both)


def design_of(plan: Plan) -> Design:
    """Return the design of a lone contrast on the items that were asked for."""
    experiment = plan.experiment
    return Design(experiment.evaluation.items, experiment.evaluation.samples, len(experiment.seeds))
