"""Name the unrun cells that would narrow an experiment's declared contrasts most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from xdomain.analysis.analyse import analyse
from xdomain.analysis.blank import Blank
from xdomain.analysis.contrast import Effect
from xdomain.analysis.gate import find_cell, find_place
from xdomain.analysis.narrowing import UNKNOWN, half_width, with_one_more_seed
from xdomain.analysis.planned import planned_families
from xdomain.analysis.power import Design
from xdomain.analysis.quantities import address_of
from xdomain.analysis.result import AnalysisResult, Cell
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study, build_study
from xdomain.api.outlook import of_family
from xdomain.config.analysis import Quantity
from xdomain.core.errors import AnalysisError, PlanError
from xdomain.core.number_text import points
from xdomain.plan.graph import Plan
from xdomain.plan.merges import phases_below
from xdomain.plan.recipe import evaluation_of
from xdomain.resolve.sizes import evaluated_items
from xdomain.store.query import measured_grid
from xdomain.store.store import Store


@dataclass(frozen=True)
class Narrowed:
    """What a suggestion does to one contrast.

    Attributes:
        contrast: The contrast.
        now: Half of the width of its 95% interval, as a fraction; 1 if fewer than two seeds were measured.
        then: The same as expected with one more seed.
        assumed: Whether `then` is based on the plan's assumptions, because fewer than two seeds were measured.
    """

    contrast: str
    now: float
    then: float
    assumed: bool


@dataclass(frozen=True)
class Suggestion:
    """Runs to train and evaluate with one seed.

    Attributes:
        runs: Labels of the runs.
        seed: Training seed.
        planned: Whether the experiment lists the seed.
        steps: Optimizer steps that are not in the store.
        narrows: Sum over contrasts of the fall of the half-width, as a fraction.
        contrasts: The contrasts that get narrower.
    """

    runs: tuple[str, ...]
    seed: int
    planned: bool
    steps: int
    narrows: float
    contrasts: tuple[Narrowed, ...]


@dataclass(frozen=True)
class Suggestions:
    """Suggestions, the one that narrows most first. Each is judged by itself."""

    found: tuple[Suggestion, ...]
    columns: ClassVar = ("train", "seed", "steps", "narrows by (points)", "contrasts: half-width now, then")
    """Headings of `rows`."""

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield one row of text per suggestion."""
        for each in self.found:
            widths = (
                f"{one.contrast}: {'none' if one.now == UNKNOWN else points(one.now)}, {points(one.then)}"
                f"{' (assumed)' if one.assumed else ''}"
                for one in each.contrasts
            )
            seed = str(each.seed) if each.planned else f"{each.seed} (new)"
            yield "; ".join(each.runs), seed, str(each.steps), points(each.narrows), "; ".join(widths)

    def document(self) -> dict[str, Any]:
        """Return the suggestions as plain JSON, for `xdomain grid plan --json`."""
        return {"suggestions": [asdict(each) for each in self.found]}


@dataclass(frozen=True)
class _Contrast:
    """A declared contrast: a difference of two runs on a domain."""

    text: str
    runs: tuple[Run, ...]
    seeds: frozenset[int]
    now: float
    then: float
    assumed: bool


def suggest(plan: Plan, store: Store, most: int) -> Suggestions:
    """Return the unrun cells that narrow declared contrasts most, each judged by itself.

    A cell is a run with one seed. Unrun planned seeds come before a new one. Effects are not predicted.

    Args:
        plan: Plan of the experiment.
        store: The store.
        most: Largest number of suggestions.

    Raises:
        AnalysisError: Nothing was evaluated yet.
        PlanError: The experiment declares no contrast that is a difference of two runs on one domain.
    """
    contrasts = list(_contrasts(plan, store))
    if not contrasts:
        raise PlanError(
            "there is no declared contrast to narrow: suggestions need a difference of two runs on one domain.",
            where="analysis.contrasts",
            fix='Declare one, such as "retention(math -> science)".',
        )
    found: dict[tuple[int, frozenset[str]], Suggestion] = {}
    for contrast in contrasts:
        seed = _next_seed(contrast, plan.experiment.seeds)
        missing = {run.label: run for run in contrast.runs if not run.id.is_base and seed not in run.ends}
        key = seed, frozenset(missing)
        if key not in found:
            found[key] = _suggestion(plan, store, contrasts, seed, missing)
    ranked = sorted(found.values(), key=lambda each: (-each.narrows, each.steps, each.runs))
    return Suggestions(tuple(ranked[:most]))


def _contrasts(plan: Plan, store: Store) -> Iterator[_Contrast]:
    """Yield the declared contrasts that are differences of two runs on one domain."""
    grid = measured_grid(plan, store, chance={}, description={})
    result, study = analyse(grid), build_study(grid)
    designs = _designs(plan)
    for quantity in plan.experiment.analysis.contrasts:
        located = _located(result, study, quantity)
        if located is None:
            continue
        matrix, cell, runs, domain = located
        effect = study.difference(runs[0], runs[1], domain)
        parts = effect.parts if isinstance(effect, Effect) else None
        common = study.align(domain, runs)
        seeds = frozenset() if isinstance(common, Blank) else frozenset(s for s in common.seeds if s is not None)
        yield _Contrast(
            str(quantity),
            runs,
            seeds,
            half_width(cell),
            with_one_more_seed(cell, parts, designs[matrix, domain]),
            assumed=len(seeds) < 2,
        )


def _located(result: AnalysisResult, study: Study, quantity: Quantity) -> tuple[str, Cell, tuple[Run, Run], str] | None:
    """Return matrix, cell, both runs and the evaluated domain of a contrast; None if it is not such a difference."""
    try:
        cell = find_cell(result, quantity)
        matrix, place = find_place(result, quantity)
    except AnalysisError:
        return None
    runs = {run.label: run for run in study.book}
    sides = [runs[label] for label in cell.compares if label in runs]
    on_one_domain = address_of(quantity)[1].domain is not False and place.column in study.domains
    if len(sides) != 2 or len(cell.compares) != 2 or not on_one_domain or matrix.unit != "fraction":
        return None
    return matrix.name, cell, (sides[0], sides[1]), str(place.column)


def _designs(plan: Plan) -> dict[tuple[str, str], Design]:
    """Return the planned design of the cells of each matrix on each domain."""
    items, found = evaluated_items(plan.experiment), {}
    for name, family in planned_families(plan).items():
        for domain in plan.experiment.domain_names:
            samples = evaluation_of(plan.experiment, domain).samples
            design = Design(max(items[domain].count, 1), samples, len(plan.experiment.seeds))
            found[name, domain] = of_family(design, family)
    return found


def _next_seed(contrast: _Contrast, planned: tuple[int, ...]) -> int:
    """Return the first planned seed that a side of the contrast lacks, or else a new one."""
    return next((seed for seed in planned if seed not in contrast.seeds), max(planned) + 1)


def _suggestion(
    plan: Plan, store: Store, contrasts: Iterable[_Contrast], seed: int, missing: Mapping[str, Run]
) -> Suggestion:
    narrowed = tuple(
        Narrowed(each.text, each.now, each.then, each.assumed)
        for each in contrasts
        if seed not in each.seeds
        and all(run.id.is_base or run.label in missing or seed in run.ends for run in each.runs)
    )
    planned = seed in plan.experiment.seeds
    like = seed if planned else plan.experiment.seeds[0]
    ends = [stage for stage in plan.phase_stages if str(stage.run) in missing and stage.seed == like]
    needed = {stage.key: stage.steps for stage in ends}
    needed |= {ref.stage: ref.step for stage in ends for ref in phases_below(stage, plan.stages)}
    done = store.done(plan.phase_stages) if planned else frozenset[str]()
    return Suggestion(
        runs=tuple(missing),
        seed=seed,
        planned=planned,
        steps=sum(steps for key, steps in needed.items() if key not in done),
        narrows=sum(max(each.now - each.then, 0.0) for each in narrowed),
        contrasts=narrowed,
    )
