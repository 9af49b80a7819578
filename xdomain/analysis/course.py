"""The course of runs: a domain's fall in later phases, steps to a target, and gains over steps.

Sources: minimum and windowed accuracy after De Lange et al. 2023 (2205.13452), with intervals for the choice of the
minimum; gains in and out of the domain over steps after 2506.19733, Figure 5. The other numbers are ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xdomain.analysis.blank import Blank
from xdomain.analysis.contrast import Effect, effect
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.matrix import Cell
from xdomain.analysis.maxima import extreme_cell, smallest
from xdomain.analysis.result.course import Course, DamageOnset, GainsAtStep, LaterCourse, StepsToTarget
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.trajectory import chain, saved_steps
from xdomain.analysis.variance import cluster_sums
from xdomain.config.run_id import RunId
from xdomain.plan.alarms.onset import onset

WINDOW = 3
"""Number of consecutive checkpoints in a window."""


@dataclass(frozen=True)
class Point:
    """One saved checkpoint of all seeds, as a run that ends there.

    Attributes:
        run: The run.
        step: Optimizer steps inside its phase.
        total: Optimizer steps since the base model.
    """

    run: Run
    step: int
    total: int


@dataclass(frozen=True)
class Later:
    """The checkpoints of a run after a reference, on one domain."""

    run: Run
    domain: str
    since: Run
    since_total: int
    points: tuple[Point, ...]

    @property
    def window(self) -> int:
        return min(WINDOW, len(self.points))


def course(study: Study) -> Course:
    """Return the numbers about the course of all runs."""
    return Course(
        later=tuple(later_courses(study)),
        steps_to_target=tuple(steps_to_target(study)),
        gains=tuple(gains(study)),
    )


def points_of(run: Run, before: int = 0) -> tuple[Point, ...]:
    """Return the saved checkpoints of a run's last phase, which began after `before` steps."""
    found = []
    for step in saved_steps(run):
        ends = {seed: each for seed, group in run.saved.items() for each in group if each.step == step}
        name = RunId(model=f"{run.label} step {step}")
        found.append(Point(replace(run, id=name, ends=ends), step, before + step))
    return tuple(found)


def later_courses(study: Study) -> Iterator[LaterCourse]:
    """Yield the later course of each domain in each run, in the order of runs and domains."""
    laters = [found for run in study.book.trained for found in _laters(study, run)]
    spans = {
        (place, start, width): _fall(study, later, later.points[start : start + width])
        for place, later in enumerate(laters)
        for width in {1, later.window}
        for start in range(len(later.points) - width + 1)
    }
    measured = pool_effects(spans)
    for place, later in enumerate(laters):
        falls = [measured[place, start, 1] for start in range(len(later.points))]
        windows = [measured[place, start, later.window] for start in range(len(later.points) - later.window + 1)]
        lowest = _lowest(falls)
        yield LaterCourse(
            run=later.run.label,
            domain=later.domain,
            since=later.since.label,
            checkpoints=len(later.points),
            lowest=lowest,
            lowest_step=_lowest_step(falls, later),
            window=later.window,
            lowest_window=_lowest(windows),
            end=to_cell(falls[-1], tested=False),
            onset=_onset(study, later) if lowest.high is not None and lowest.high < 0 else None,
        )


def _laters(study: Study, run: Run) -> Iterator[Later]:
    runs = chain(study, run)
    totals = np.cumsum([max(saved_steps(each), default=0) for each in runs]).tolist()
    for domain in study.domains:
        since = reference(runs, domain)
        later = [point for each in range(since + 1, len(runs)) for point in points_of(runs[each], totals[each - 1])]
        if later and run.saved:
            yield Later(run, domain, runs[since], totals[since], tuple(later))


def reference(runs: Sequence[Run], domain: str) -> int:
    """Return the index of the run whose last phase was the last to train a domain; 0, the base model, if none was."""
    trained = [place for place, run in enumerate(runs) if run.id.phases and domain in run.id.phases[-1].domains]
    return max(trained, default=0)


def _fall(study: Study, later: Later, points: Sequence[Point]) -> Effect | Blank:
    """Return the change from the reference to the mean of some checkpoints."""
    aligned = study.align(later.domain, [*(point.run for point in points), later.since])
    if isinstance(aligned, Blank):
        return aligned
    level = np.mean([aligned.scores(point.run) for point in points], axis=0)
    return effect([(aligned, level - aligned.scores(later.since))], (later.run.label, later.since.label))


def _lowest(found: Sequence[Measured]) -> Cell:
    """Return the smallest of several changes, corrected for the choice.

    A change in which all items agree has no interval. It only bounds the interval of the others.
    """
    known = [each for each in found if isinstance(each, Estimate)]
    spread = [each for each in known if each.has_interval]
    if not known:
        return to_cell(found[0])
    worst = min(known, key=lambda each: each.value)
    if not spread or any(math.isnan(each.variance) for each in known):
        return to_cell(worst)
    cell = extreme_cell(smallest(spread), spread, worst.compares, worst.n_items)
    exact = [each.value for each in known if not each.has_interval]
    if not exact:
        return cell
    assert cell.low is not None
    assert cell.high is not None
    limits = {"low": min(cell.low, *exact), "high": min(cell.high, *exact)}
    return cell.model_copy(update={"estimate": worst.value, "p": None, **limits})


def _lowest_step(found: Sequence[Measured], later: Later) -> int | None:
    pairs = zip(found, later.points, strict=True)
    known = [(each.value, point.total) for each, point in pairs if isinstance(each, Estimate)]
    return min(known)[1] if known else None


def _onset(study: Study, later: Later) -> DamageOnset | None:
    """Return the change point over all checkpoints, which have common items, as means over seeds."""
    aligned = study.align(later.domain, [*(point.run for point in later.points), later.since])
    if isinstance(aligned, Blank):
        return None
    before = aligned.scores(later.since).mean(axis=0)
    changes = [aligned.scores(point.run).mean(axis=0) - before for point in later.points]
    units = np.stack([cluster_sums(each, aligned.clusters) for each in changes], axis=1)
    steps = [point.total - later.since_total for point in later.points]
    begun, start = onset(units, steps), later.since_total
    return DamageOnset(after=start + begun.after, by=start + begun.by, low=start + begun.low, high=start + begun.high)


def steps_to_target(study: Study) -> Iterator[StepsToTarget]:
    """Yield the steps until the last phase of a run reaches the single run of a domain that it trains."""
    singles = study.singles
    wanted = [
        (run, domain, (_at_start(study, run), *points_of(run)))
        for run in study.book.trained
        for domain in study.domains
        if domain in singles and run.saved and run.id.phases and domain in run.id.phases[-1].domains
    ]
    measured = pool_effects(
        {
            (run.label, domain, point.step): study.difference(point.run, singles[domain], domain)
            for run, domain, points in wanted
            for point in points
        }
    )
    for run, domain, points in wanted:
        found = [(point.step, measured[run.label, domain, point.step]) for point in points]
        known = [(step, each) for step, each in found if isinstance(each, Estimate)]
        yield StepsToTarget(
            run=run.label,
            domain=domain,
            target=singles[domain].label,
            step=next((step for step, each in known if each.value >= 0), None),
            earliest=next((step for step, each in known if _limits(each)[1] >= 0), None),
            latest=next((step for step, each in known if _limits(each)[0] >= 0), None),
        )


def _at_start(study: Study, run: Run) -> Point:
    parent = study.book.parent(run)
    return Point(parent, 0, 0)


def _limits(found: Estimate) -> tuple[float, float]:
    return found.limits() if found.has_interval else (found.value, found.value)


def gains(study: Study) -> Iterator[GainsAtStep]:
    """Yield the gains of each single run at each saved checkpoint."""
    base = study.base
    points = {(run.label, point.step): (name, point) for name, run in study.singles.items() for point in points_of(run)}
    inside = pool_effects(
        {key: study.difference(point.run, base, name) for key, (name, point) in points.items() if name in study.domains}
    )
    others = {
        key: [(domain, point.run, base) for domain in study.domains if domain != name]
        for key, (name, point) in points.items()
    }
    outside = pool_effects(
        {key: study.mean_difference(terms, (key[0], base.label)) for key, terms in others.items() if terms}
    )
    for key in points:
        if key in inside and key in outside:
            cells = to_cell(inside[key], tested=False), to_cell(outside[key], tested=False)
            yield GainsAtStep(run=key[0], step=key[1], inside=cells[0], outside=cells[1])
