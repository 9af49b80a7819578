"""Analysis of aggregates: accuracies with the number of items and nothing else, as papers publish them.

Without item verdicts nothing can be paired, so an error can only be bounded. An item's mean score lies in [0, 1], so
its variance is at most p(1-p), and for two runs on the same n items

    SE(difference) <= (sqrt(p(1-p)) + sqrt(q(1-q))) / sqrt(n)      for any pairing,
    SE(difference) <= sqrt((p(1-p) + q(1-q)) / n)                  if the answers were independent,

whatever the number of samples. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from xdomain.analysis.asymmetry import asymmetry_matrices
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.blank import Blank
from xdomain.analysis.contrast import Effect
from xdomain.analysis.definitions import ACCURACY, STRATEGY_EFFECT, STRATEGY_MATCHED
from xdomain.analysis.inference import Estimate, Measured, pool_effects
from xdomain.analysis.maxima import bounded_spread
from xdomain.analysis.mix import mix_gain_matrix, mix_gain_over_single_matrix
from xdomain.analysis.multiplicity import word_counts
from xdomain.analysis.odds import odds_matrices
from xdomain.analysis.order import extreme_cell, order_estimates, order_matrix, range_matrix, sensitivity_matrix
from xdomain.analysis.phases import plasticity_matrix, refresh_matrix, retention_matrix
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.relative import relative_ratios, relative_transfer_matrix
from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Cell, Matrix, Meta, RunEffort, Summary
from xdomain.analysis.runs import Run, build_runs
from xdomain.analysis.sentences import sentences
from xdomain.analysis.sequence import sequence_matrix
from xdomain.analysis.runs import label_of
from xdomain.analysis.study import Study, Term
from xdomain.analysis.transfer import change_matrix, mean_diagonal_transfer, transfer_estimates, transfer_matrix
from xdomain.analysis.turnover import turnover
from xdomain.analysis.variance import Components
from xdomain.analysis.worded import worded
from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import BASE, EvaluatedCheckpoint, MeasuredGrid

Pairing = Literal["any", "independent"]
ENDLESS = 1e9
"""Degrees of freedom of a bound: nothing was estimated."""


NEEDS_ITEMS = "not measured: aggregates alone do not tell how the parts go together"


@dataclass(frozen=True)
class Published:
    """One published accuracy.

    Attributes:
        accuracy: fraction.
        n_items: items of the test.
    """

    accuracy: float
    n_items: int

    @property
    def variance(self) -> float:
        """Of the accuracy; an item's mean score varies by p (1-p) at most."""
        return self.accuracy * (1 - self.accuracy) / max(self.n_items - 1, 1)


@dataclass(frozen=True)
class AccuracyTable:
    """Published accuracies by (curriculum, evaluated domain); the base is the curriculum "base"."""

    name: str
    source: str
    domains: tuple[str, ...]
    cells: Mapping[tuple[str, str], Published]

    @property
    def curricula(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(curriculum for curriculum, _ in self.cells))


@dataclass(frozen=True)
class TableStudy(Study):
    """A study whose differences are bounded from aggregates."""

    table: AccuracyTable
    pairing: Pairing

    def level(self, run: Run | str, domain: str) -> Published | Blank:
        label = label_of(run)
        found = self.table.cells.get((label, domain))
        return found if found is not None else Blank(f'not published: "{label}" on "{domain}"', (label,))

    def align(
        self,
        domain: str,
        runs: Sequence[Run | str],
        seeds: Sequence[int] | None = None,
        defined: FloatArray | None = None,
    ) -> Blank:
        """What needs items is blank: it says which accuracy is not there, or that accuracies do not suffice."""
        levels = [self.level(run, domain) for run in runs]
        missing = [found.note for found in levels if isinstance(found, Blank)]
        return Blank(missing[0] if missing else NEEDS_ITEMS, tuple(dict.fromkeys(map(label_of, runs))))

    def difference(self, left: Run | str, right: Run | str, domain: str) -> Effect | Blank:
        return self.mean_difference([(domain, left, right)], (label_of(left), label_of(right)))

    def mean_accuracy(self, run: Run) -> Effect | Blank:
        """Different domains are different items, so variances add."""
        levels = {domain: self.level(run, domain) for domain in self.domains}
        known = {domain: found for domain, found in levels.items() if isinstance(found, Published)}
        if len(known) < len(levels):
            return next(found for found in levels.values() if isinstance(found, Blank))
        k = len(known)
        mean = math.fsum(cell.accuracy for cell in known.values()) / k
        variance = math.fsum(cell.variance for cell in known.values()) / k**2
        n_items = sum(cell.n_items for cell in known.values())
        return bounded_effect(mean, variance, n_items, tuple(known), (run.label,))

    def mean_difference(self, terms: Sequence[Term], compares: tuple[str, ...]) -> Effect | Blank:
        """Terms on one domain share its items, so their errors add; variances add over domains."""
        errors: dict[str, float] = {}
        items: dict[str, int] = {}
        value = 0.0
        for domain, left, right in terms:
            first, second = self.level(left, domain), self.level(right, domain)
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


def difference_variance(first: Published, second: Published, pairing: Pairing) -> float:
    """Largest variance of the difference of two published accuracies."""
    spreads = [math.sqrt(side.accuracy * (1 - side.accuracy) / side.n_items) for side in (first, second)]
    return math.fsum(spreads) ** 2 if pairing == "any" else math.fsum(spread**2 for spread in spreads)


def bounded_effect(
    value: float, variance: float, n_items: int, domains: tuple[str, ...], compares: tuple[str, ...]
) -> Effect:
    """An effect with a given variance, as if measured with one seed."""

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
    return Effect(parts, None, domains, (0,), n_items, compares)


def analyse_table(table: AccuracyTable, pairing: Pairing = "any") -> AnalysisResult:
    """The matrices that follow from accuracies alone; the others are blank and say why.

    Raises:
        AnalysisError: the table is empty, or an accuracy is no fraction.
    """
    _check(table)
    study = table_study(table, pairing)
    orders, transfer = order_estimates(study), transfer_estimates(study)
    transfers = transfer_matrix(study, transfer)
    levels = _levels(study)
    ratios = relative_ratios(study, transfer)
    asymmetry, asymmetry_logit, asymmetry_relative = asymmetry_matrices(study, transfer, ratios)
    odds, paired = odds_matrices(study)
    result = AnalysisResult(
        accuracy=_accuracy(study, levels),
        change=change_matrix(study, transfers),
        transfer=transfers,
        relative_transfer=relative_transfer_matrix(study, ratios, transfer),
        asymmetry=asymmetry,
        asymmetry_logit=asymmetry_logit,
        asymmetry_relative=asymmetry_relative,
        order_effect=order_matrix(study, orders),
        order_sensitivity=sensitivity_matrix(study, orders),
        permutation_range=range_matrix(study, _range_cell),
        retention=retention_matrix(study),
        plasticity=plasticity_matrix(study),
        refresh=refresh_matrix(study),
        mix_gain=mix_gain_matrix(study),
        mix_gain_over_single=mix_gain_over_single_matrix(study),
        strategy_effect=STRATEGY_EFFECT,
        strategy_matched=STRATEGY_MATCHED,
        sequence=sequence_matrix(study, levels),
        trajectories=(),
        turnover=turnover(study),
        odds_ratio=odds,
        odds_ratio_paired=paired,
        pass_at_k=(),
        contrasts=(),
        effort={run.label: RunEffort(curriculum=run.curriculum, checkpoints={}) for run in study.book.runs.values()},
        items=(),
        summary=Summary(
            mean_diagonal_transfer=worded(study, mean_diagonal_transfer(study, transfer)),
            mean_cross_transfer=Cell(note=NEEDS_ITEMS),
            mean_retention=Cell(note=NEEDS_ITEMS),
            mean_plasticity=Cell(note=NEEDS_ITEMS),
        ),
        sentences=(),
        meta=_meta(table, pairing),
    )
    summary = result.summary.model_copy(update=word_counts(result.matrices()))
    return result.model_copy(update={"summary": summary, "sentences": sentences(result)})


def _check(table: AccuracyTable) -> None:
    if not table.cells:
        raise AnalysisError(f'the accuracy table "{table.name}" is empty.')
    for (curriculum, domain), cell in table.cells.items():
        if not 0 <= cell.accuracy <= 1 or cell.n_items < 1:
            raise AnalysisError(
                f'"{curriculum}" on "{domain}" has the accuracy {cell.accuracy:g} of {cell.n_items} items.',
                where=table.name,
                fix="Accuracies are fractions between 0 and 1, of at least one item.",
            )


def table_study(table: AccuracyTable, pairing: Pairing) -> TableStudy:
    """Runs and levels of a table, for the functions that make matrices."""
    checkpoints = tuple(
        EvaluatedCheckpoint(text, text, None, None if text == BASE else 0, 0, 0, is_end=True)
        for text in table.curricula
    )
    curricula = tuple(text for text in table.curricula if text != BASE)
    grid = MeasuredGrid(table.name, table.domains, curricula, (0,), checkpoints, pd.DataFrame())
    return TableStudy(book=build_runs(grid), panels={}, domains=table.domains, table=table, pairing=pairing)


def _levels(study: TableStudy) -> dict[tuple[str, str], Measured]:
    effects: dict[tuple[str, str], Effect | Blank] = {}
    for label in dict.fromkeys([*study.table.curricula, *study.book.runs]):
        for domain in study.domains:
            found = study.level(label, domain)
            if isinstance(found, Published):
                effects[label, domain] = bounded_effect(
                    found.accuracy, found.variance, found.n_items, (domain,), (label,)
                )
            else:
                effects[label, domain] = found
    return pool_effects(effects)


def _accuracy(study: TableStudy, levels: Mapping[tuple[str, str], Measured]) -> AccuracyMatrix:
    published = study.table.curricula
    cells = {key: accuracy_cell(measured) for key, measured in levels.items() if key[0] in published}
    matrix = study.matrix(cells, study.domains, ACCURACY)
    fields = {name: getattr(matrix, name) for name in Matrix.model_fields}
    return AccuracyMatrix(**fields, chance=dict.fromkeys(study.domains), answers={})


def _range_cell(study: Study, runs: Sequence[Run], domain: str) -> Cell:
    """Range over orders from the bounded differences of all pairs of them."""
    measured = pool_effects(
        {pair: study.difference(*pair, domain) for pair in combinations([run.label for run in runs], 2)}
    )
    labels = tuple(run.label for run in runs)
    parts: list[Estimate] = []
    for found in measured.values():
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=labels)
        parts.append(found)
    n_items = min(part.n_items for part in parts)
    note = f"{len(runs)} orders; the plain range, noise not taken off"
    return extreme_cell(bounded_spread(parts), parts, labels, n_items, note)


def _items(table: AccuracyTable) -> Iterator[str]:
    """ "math 500", or "math 200 to 300" where its accuracies are of different tests."""
    for domain in table.domains:
        counts = [cell.n_items for (_, name), cell in table.cells.items() if name == domain]
        if counts:
            least, most = min(counts), max(counts)
            yield f"{domain} {least}" if least == most else f"{domain} {least} to {most}"


def _meta(table: AccuracyTable, pairing: Pairing) -> Meta:
    bound = (
        "hold for any pairing of the items" if pairing == "any" else "hold if the answers of both sides are independent"
    )
    return Meta(
        experiment=table.name,
        model="",
        domains=table.domains,
        curricula=tuple(text for text in table.curricula if text != BASE),
        seeds=(),
        budget="unknown",
        speaks_of="these checkpoints",
        statements=(
            f"Only aggregates are published: intervals are bounds that {bound}; words follow that bound's adjusted p.",
            "Intervals speak of these checkpoints; nothing is said about a re-run of training.",
            f"Test items by domain: {', '.join(_items(table))}.",
        ),
        items={
            domain: max((cell.n_items for (_, name), cell in table.cells.items() if name == domain), default=0)
            for domain in table.domains
        },
        description={"source": table.source},
    )
