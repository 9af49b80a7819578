"""Compute the minimum detectable effect of a planned grid per matrix, and the items and seeds that an effect needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from xdomain.analysis.estimand import Family
from xdomain.analysis.planned import planned_families
from xdomain.analysis.power import Design, both_needed, items_needed, seeds_needed, smallest_detectable
from xdomain.core.words import count
from xdomain.plan.graph import Plan
from xdomain.plan.recipe import evaluation_of, evaluations_of
from xdomain.resolve.sizes import EvaluatedItems

TWO_CHECKPOINTS, LONE_CONTRAST = "two checkpoints", "a lone contrast"


@dataclass(frozen=True)
class Line:
    """Minimum detectable effects of one kind of cell, as fractions.

    Attributes:
        cells: Number of tests in its family.
        before: Minimum detectable effect before adjustment.
        adjusted: Minimum detectable effect after adjustment, if it is the only effect of its family.
        items, seeds: Number of items or seeds that the stated effect needs before adjustment, with the rest as planned;
            None if no number suffices, or no effect was stated.
        both: Numbers of seeds and items that suffice together, if neither suffices by itself.
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
    """Minimum detectable effects for the domains that are evaluated on the same numbers of items and samples."""

    domains: tuple[str, ...]
    items: int
    samples: int
    lines: tuple[Line, ...]


def outlooks(plan: Plan, items: dict[str, EvaluatedItems], effect: float | None) -> list[Outlook]:
    """Return one outlook per number of items and samples, the largest first. Domains without items are left out.

    Args:
        plan: Plan of the experiment.
        items: Number of evaluated items by domain.
        effect: Effect as a fraction, for `Line.items` and `Line.seeds`; None leaves them out.
    """
    sizes: dict[tuple[int, int], list[str]] = {}
    for name, found in items.items():
        if found.count:
            sizes.setdefault((found.count, evaluation_of(plan.experiment, name).samples), []).append(name)
    return [
        Outlook(tuple(sizes[size]), *size, tuple(_lines(plan, *size, effect))) for size in sorted(sizes, reverse=True)
    ]


def _lines(plan: Plan, n_items: int, n_samples: int, effect: float | None) -> Iterator[Line]:
    experiment = plan.experiment
    seeds = len(experiment.seeds)
    design = Design(n_items, n_samples, seeds, n_contrasts=1)
    yield replace(
        _line(TWO_CHECKPOINTS, 1, replace(design, n_seeds=1), effect), seeds=None
    )  # more seeds are impossible for two given checkpoints
    if seeds > 1:
        yield _line(LONE_CONTRAST, 1, design, effect)
    for name, family in planned_families(plan).items():
        yield _line(name.replace("_", " "), family.cells, of_family(design, family), effect)


def of_family(design: Design, family: Family) -> Design:
    """Return the design of the cells of a family."""
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


def size_in_words(plan: Plan) -> str:
    """Return the numbers of items, samples and seeds of a plan: "300 items x 1 samples x 3 seeds"."""
    evaluations = evaluations_of(plan.experiment).values()
    items, samples = (_range([getattr(each, name) for each in evaluations]) for name in ("items", "samples"))
    return f"{items} items x {samples} samples x {count(len(plan.experiment.seeds), 'seed')}"


def _range(numbers: list[int]) -> str:
    return " to ".join(str(number) for number in sorted({min(numbers), max(numbers)}))


def design_of(plan: Plan) -> Design:
    """Return the design of a single contrast on the configured number of items."""
    experiment = plan.experiment
    return Design(experiment.evaluation.items, experiment.evaluation.samples, len(experiment.seeds))


def design_in_words(plan: Plan, items: dict[str, EvaluatedItems]) -> str:
    """Return the line above the tables of effects: the design, the number of items, and the assumptions."""
    asked = {name: evaluation.items for name, evaluation in evaluations_of(plan.experiment).items()}
    fewer = [f"{name} {found.count} of {asked[name]}" for name, found in items.items() if found.count < asked[name]]
    unknown = [name for name, found in items.items() if found.in_split is None]
    notes = [f"the {plan.experiment.evaluation.split} split has fewer items than requested: {', '.join(fewer)}"]
    notes = notes if fewer else []
    notes += [f"items of {', '.join(unknown)} are not counted before the run"] if unknown else []
    notes.append(design_of(plan).assumptions)
    return f"points found at 80% power from {size_in_words(plan)}; {'; '.join(notes)}"
