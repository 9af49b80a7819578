"""Analysis of aggregates: accuracies with their number of items only, as papers publish them.

Without item verdicts nothing can be paired, so an error can only be bounded. An item's mean score is between 0 and 1,
so its variance is at most p(1-p). For two runs on the same n items and any number of samples,

    SE(difference) <= (sqrt(p(1-p)) + sqrt(q(1-q))) / sqrt(n)      for any pairing,
    SE(difference) <= sqrt((p(1-p) + q(1-q)) / n)                  if the answers are independent.

Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Effect
from xdomain.analysis.estimands import estimands
from xdomain.analysis.inference import Estimate, pool_effects
from xdomain.analysis.maxima import bounded_spread, extreme_cell
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.result import Cell
from xdomain.analysis.runs import Run, Seed, build_runs
from xdomain.analysis.study import Study, Term
from xdomain.analysis.variance import Components
from xdomain.config.run_id import RunId
from xdomain.plan.measurement import MeasuredGrid

Pairing = Literal["any", "independent"]
ENDLESS = 1e9
"""Degrees of freedom of a bound, which involves no estimated variance."""


NEEDS_ITEMS = "not measured: aggregates do not show how the parts are correlated"


@dataclass(frozen=True)
class Published:
    """One published accuracy.

    Attributes:
        accuracy: Accuracy as a fraction.
        n_items: Number of items of the test.
    """

    accuracy: float
    n_items: int

    @property
    def variance(self) -> float:
        """Largest possible variance of the accuracy, since an item's mean score has a variance of at most p (1-p)."""
        return self.accuracy * (1 - self.accuracy) / max(self.n_items - 1, 1)


@dataclass(frozen=True)
class AccuracyTable:
    """Published accuracies by run and evaluated domain."""

    name: str
    source: str
    domains: tuple[str, ...]
    cells: Mapping[tuple[RunId, str], Published]

    @property
    def runs(self) -> tuple[RunId, ...]:
        return tuple(dict.fromkeys(run for run, _ in self.cells))


@dataclass(frozen=True)
class TableStudy(Study):
    """A study whose differences are bounded from aggregates."""

    table: AccuracyTable
    pairing: Pairing

    @property
    def shown_runs(self) -> tuple[Run, ...]:
        return tuple(self.book.run(run) for run in self.table.runs)

    def level(
        self, run: Run, domain: str, source: FloatArray | None = None, seeds: Sequence[Seed] | None = None
    ) -> Effect | Blank:
        found = self.published(run, domain)
        if isinstance(found, Blank):
            return found
        return bounded_effect(found.accuracy, found.variance, found.n_items, (domain,), (run.label,))

    def published(self, run: Run, domain: str) -> Published | Blank:
        """Return the accuracy in the table, or a blank if the table has none."""
        found = self.table.cells.get((run.id, domain))
        return found if found is not None else Blank(f'not published: "{run.label}" on "{domain}"', (run.label,))

    def align(
        self,
        domain: str,
        runs: Sequence[Run],
        seeds: Sequence[Seed] | None = None,
        defined: FloatArray | None = None,
    ) -> Blank:
        """Return a blank, because the table has no items.

        Its note names a missing accuracy, or says that items are needed.
        """
        levels = [self.published(run, domain) for run in runs]
        missing = [found.note for found in levels if isinstance(found, Blank)]
        return Blank(missing[0] if missing else NEEDS_ITEMS, tuple(dict.fromkeys(run.label for run in runs)))

    def difference(self, left: Run, right: Run, domain: str) -> Effect | Blank:
        return self.mean_difference([(domain, left, right)], (left.label, right.label))

    def mean_accuracy(self, run: Run) -> Effect | Blank:
        """Return the mean over domains. Different domains have different items, so variances add."""
        levels = {domain: self.published(run, domain) for domain in self.domains}
        known = {domain: found for domain, found in levels.items() if isinstance(found, Published)}
        if len(known) < len(levels):
            return next(found for found in levels.values() if isinstance(found, Blank))
        k = len(known)
        mean = math.fsum(cell.accuracy for cell in known.values()) / k
        variance = math.fsum(cell.variance for cell in known.values()) / k**2
        n_items = sum(cell.n_items for cell in known.values())
        return bounded_effect(mean, variance, n_items, tuple(known), (run.label,))

    def mean_difference(self, terms: Sequence[Term], compares: tuple[str, ...]) -> Effect | Blank:
        """Return the mean of several differences.

        Terms on one domain share its items, so their errors add; variances add over domains.
        """
        errors: dict[str, float] = {}
        items: dict[str, int] = {}
        value = 0.0
        for domain, left, right in terms:
            first, second = self.published(left, domain), self.published(right, domain)
            for found in (first, second):
                if isinstance(found, Blank):
                    return Blank(found.note, compares)
            assert isinstance(first, Published)
            assert isinstance(second, Published)
            value += first.accuracy - second.accuracy
            errors[domain] = errors.get(domain, 0.0) + math.sqrt(difference_variance(first, second, self.pairing))
            items[domain] = min(first.n_items, second.n_items, items.get(domain, first.n_items))
        variance = math.fsum(error**2 for error in errors.values()) / len(terms) ** 2
        return bounded_effect(value / len(terms), variance, sum(items.values()), tuple(items), compares)

    def range_over(self, runs: Sequence[Run], domain: str) -> Cell:
        """Return the range from the bounded differences of all pairs of runs."""
        measured = pool_effects({(a.label, b.label): self.difference(a, b, domain) for a, b in combinations(runs, 2)})
        labels = tuple(run.label for run in runs)
        parts: list[Estimate] = []
        for found in measured.values():
            if isinstance(found, Blank):
                return Cell(note=found.note, compares=labels)
            parts.append(found)
        n_items = min(part.n_items for part in parts)
        note = f"{len(runs)} orders; the plain range, without a correction for noise"
        return extreme_cell(bounded_spread(parts), parts, labels, n_items, note)


def difference_variance(first: Published, second: Published, pairing: Pairing) -> float:
    """Return the largest possible variance of the difference of two published accuracies."""
    spreads = [math.sqrt(side.accuracy * (1 - side.accuracy) / side.n_items) for side in (first, second)]
    return math.fsum(spreads) ** 2 if pairing == "any" else math.fsum(spread**2 for spread in spreads)


def bounded_effect(
    value: float, variance: float, n_items: int, domains: tuple[str, ...], compares: tuple[str, ...]
) -> Effect:
    """Return an effect with a given variance, as if it were measured with one seed."""

    def scalar(number: float) -> FloatArray:
        return np.asarray(number, dtype=np.float64)

    parts = Components(
        scalar(value),
        np.array([value]),
        scalar(0),
        scalar(0),
        scalar(variance),
        n_seeds=1,
        item_degrees=scalar(ENDLESS),
    )
    return Effect(parts, None, domains, n_items, compares)


def table_measurements(table: AccuracyTable, pairing: Pairing) -> Measurements:
    """Return the runs and accuracies of a table in the form that estimands use."""
    runs = tuple(run for run in table.runs if not run.is_base)
    grid = MeasuredGrid(table.name, table.domains, runs, checkpoints=(), records=pd.DataFrame())
    study = TableStudy(build_runs(grid), {}, table.domains, table=table, pairing=pairing)
    return Measurements(study, grid, estimands())
