"""How `grid plan` tells what could be seen: the smallest detectable effect a matrix, and what a stated one needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.table import Table

from xdomain.analysis.estimand import Family
from xdomain.analysis.planned import planned_families
from xdomain.analysis.power import Design, both_needed, items_needed, seeds_needed, smallest_detectable
from xdomain.cli.render import count
from xdomain.plan.graph import Plan
from xdomain.resolve.sizes import EvaluatedItems, evaluated_items

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


def as_document(plan: Plan, effect: float | None) -> dict[str, Any]:
    """For `--json`."""
    items = evaluated_items(plan.experiment)
    return {
        "assumptions": _design(plan).assumptions,
        "effect": effect,
        "items": {name: asdict(found) for name, found in items.items()},
        "tests": [asdict(each) for each in outlooks(plan, items, effect)],
    }


def in_words(plan: Plan, items: dict[str, EvaluatedItems]) -> str:
    """What stands above the table: the design, how many items there are, and what is assumed."""
    experiment = plan.experiment
    asked = experiment.evaluation.items
    fewer = [f"{name} {found.count}" for name, found in items.items() if found.count < asked]
    unknown = [name for name, found in items.items() if found.in_split is None]
    notes = [f"the {experiment.evaluation.split} split holds fewer than the {asked} asked for: {', '.join(fewer)}"]
    notes = notes if fewer else []
    notes += [f"items of {', '.join(unknown)} are not counted before the run"] if unknown else []
    notes.append(_design(plan).assumptions)
    size = f"{asked} items x {experiment.evaluation.samples} samples x {count(len(experiment.seeds), 'seed')}"
    return f"points found at 80% power from {size}; {'; '.join(notes)}"


def _design(plan: Plan) -> Design:
    experiment = plan.experiment
    return Design(experiment.evaluation.items, experiment.evaluation.samples, len(experiment.seeds))


def tables(plan: Plan, items: dict[str, EvaluatedItems], effect: float | None) -> Iterator[Table]:
    """One table for each number of items."""
    found = outlooks(plan, items, effect)
    for outlook in found:
        title = f"{outlook.items} items on {', '.join(outlook.domains)}" if len(found) > 1 else None
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2), pad_edge=True)
        table.add_column("smallest effect, in points")
        for head in ("tests", "before adjustment", "as the only one of its tests"):
            table.add_column(head, justify="right")
        if effect is not None:
            table.add_column(f"needed for {100 * effect:g}")
        for line in outlook.lines:
            needs = [_needs(line)] if effect is not None else []
            table.add_row(line.matrix, str(line.cells), _points(line.before), _points(line.adjusted), *needs)
        yield table


def _points(effect: float) -> str:
    return f"{100 * effect:.1f}" if effect <= 1 else "over 100"


def _needs(line: Line) -> str:
    """ "1,698 items or 5 seeds"."""
    if line.both is not None:
        return "{:,} seeds of {:,} items".format(*line.both)
    named = {"items": line.items, "seeds": line.seeds}
    found = [f"{number:,} {unit}" for unit, number in named.items() if number is not None]
    return " or ".join(found) or "out of reach"
