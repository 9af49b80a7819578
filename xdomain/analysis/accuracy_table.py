"""Analysis of aggregates: accuracies with the number of items and nothing else, as papers publish them.

Without item verdicts nothing can be paired, so an error can only be bounded. An item's mean score lies in [0, 1], so
its variance is at most p(1-p), and for two runs on the same n items

    SE(difference) <= (sqrt(p(1-p)) + sqrt(q(1-q))) / sqrt(n)      for any pairing,
    SE(difference) <= sqrt((p(1-p) + q(1-q)) / n)                  if the answers were independent,

whatever the number of samples. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from xdomain.analysis.asymmetry import points_asymmetry
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Blank, Effect
from xdomain.analysis.definitions import (
    ACCURACY,
    ASYMMETRY_LOGIT,
    ASYMMETRY_RELATIVE,
    ODDS_RATIO,
    ODDS_RATIO_PAIRED,
    PERMUTATION_RANGE,
    RELATIVE_TRANSFER,
    SEQUENCE,
    STRATEGY_EFFECT,
    STRATEGY_MATCHED,
    turnover_template,
)
from xdomain.analysis.inference import pool_effects
from xdomain.analysis.mix import mix_gain_matrix, mix_gain_over_single_matrix
from xdomain.analysis.order import order_estimates, order_matrix, sensitivity_matrix
from xdomain.analysis.phases import plasticity_matrix, refresh_matrix, retention_matrix
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Cell, Matrix, Meta, RunEffort, Summary, Turnover
from xdomain.analysis.runs import Run, build_runs
from xdomain.analysis.sentences import sentences
from xdomain.analysis.study import Study, make_matrix
from xdomain.analysis.transfer import change_matrix, mean_diagonal_transfer, transfer_estimates, transfer_matrix
from xdomain.analysis.turnover import DEFINITIONS
from xdomain.analysis.variance import Components
from xdomain.analysis.worded import worded
from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import BASE, EvaluatedCheckpoint, MeasuredGrid

Pairing = Literal["any", "independent"]
ENDLESS = 1e9
"""Degrees of freedom of a bound: nothing was estimated."""


@dataclass(frozen=True)
class Published:
    """One published accuracy.

    Attributes:
        accuracy: fraction.
        n_items: items of the test.
    """

    accuracy: float
    n_items: int


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
        label = run if isinstance(run, str) else run.label
        found = self.table.cells.get((label, domain))
        return found if found is not None else Blank(f'not published: "{label}" on "{domain}"', (label,))

    def difference(self, left: Run | str, right: Run | str, domain: str) -> Effect | Blank:
        first, second = self.level(left, domain), self.level(right, domain)
        compares = tuple(side if isinstance(side, str) else side.label for side in (left, right))
        for found in (first, second):
            if isinstance(found, Blank):
                return Blank(found.note, compares)
        assert isinstance(first, Published)
        assert isinstance(second, Published)
        variance = difference_variance(first, second, self.pairing)
        n_items = min(first.n_items, second.n_items)
        return bounded_effect(first.accuracy - second.accuracy, variance, n_items, domain, compares)


def difference_variance(first: Published, second: Published, pairing: Pairing) -> float:
    """Largest variance of the difference of two published accuracies."""
    spreads = [math.sqrt(side.accuracy * (1 - side.accuracy) / side.n_items) for side in (first, second)]
    return math.fsum(spreads) ** 2 if pairing == "any" else math.fsum(spread**2 for spread in spreads)


def bounded_effect(value: float, variance: float, n_items: int, domain: str, compares: tuple[str, ...]) -> Effect:
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
    return Effect(parts, None, (domain,), (0,), n_items, compares)


def analyse_table(table: AccuracyTable, pairing: Pairing = "any") -> AnalysisResult:
    """The matrices that follow from accuracies alone; the others are empty.

    Raises:
        AnalysisError: the table is empty, or an accuracy is no fraction.
    """
    _check(table)
    study = _study(table, pairing)
    orders, transfer = order_estimates(study), transfer_estimates(study)
    transfers = transfer_matrix(study, transfer)
    empty = {
        "relative_transfer": RELATIVE_TRANSFER,
        "asymmetry_logit": ASYMMETRY_LOGIT,
        "asymmetry_relative": ASYMMETRY_RELATIVE,
        "permutation_range": PERMUTATION_RANGE,
        "sequence": SEQUENCE,
        "strategy_effect": STRATEGY_EFFECT,
        "strategy_matched": STRATEGY_MATCHED,
        "odds_ratio": ODDS_RATIO,
        "odds_ratio_paired": ODDS_RATIO_PAIRED,
    }
    result = AnalysisResult(
        accuracy=_accuracy(study),
        change=change_matrix(study, transfers),
        transfer=transfers,
        asymmetry=points_asymmetry(study, transfer),
        order_effect=order_matrix(study, orders),
        order_sensitivity=sensitivity_matrix(study, orders),
        retention=retention_matrix(study),
        plasticity=plasticity_matrix(study),
        refresh=refresh_matrix(study),
        mix_gain=mix_gain_matrix(study),
        mix_gain_over_single=mix_gain_over_single_matrix(study),
        trajectories=(),
        turnover=Turnover(**{part: turnover_template(part, words) for part, words in DEFINITIONS.items()}),
        pass_at_k=(),
        contrasts=(),
        effort={run.label: RunEffort(curriculum=run.curriculum, checkpoints={}) for run in study.book.runs.values()},
        items=(),
        summary=Summary(
            mean_diagonal_transfer=worded(mean_diagonal_transfer(study, transfer)),
            mean_cross_transfer=Cell(note=NEEDS_ITEMS),
            mean_retention=Cell(note=NEEDS_ITEMS),
            mean_plasticity=Cell(note=NEEDS_ITEMS),
        ),
        sentences=(),
        meta=_meta(table, pairing),
        **empty,
    )
    return result.model_copy(update={"sentences": sentences(result)})


NEEDS_ITEMS = "not measured: aggregates alone do not tell how the parts go together"


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


def _study(table: AccuracyTable, pairing: Pairing) -> TableStudy:
    checkpoints = tuple(
        EvaluatedCheckpoint(text, text, None, None if text == BASE else 0, 0, 0, is_end=True)
        for text in table.curricula
    )
    curricula = tuple(text for text in table.curricula if text != BASE)
    grid = MeasuredGrid(table.name, table.domains, curricula, (0,), checkpoints, pd.DataFrame())
    return TableStudy(book=build_runs(grid), panels={}, domains=table.domains, table=table, pairing=pairing)


def _accuracy(study: TableStudy) -> AccuracyMatrix:
    effects: dict[tuple[str, str], Effect | Blank] = {}
    for label in study.table.curricula:
        for domain in study.domains:
            found = study.level(label, domain)
            if isinstance(found, Published):
                variance = found.accuracy * (1 - found.accuracy) / max(found.n_items - 1, 1)
                effects[label, domain] = bounded_effect(found.accuracy, variance, found.n_items, domain, (label,))
            else:
                effects[label, domain] = found
    cells = {key: accuracy_cell(measured) for key, measured in pool_effects(effects).items()}
    matrix = make_matrix(cells, study.domains, ACCURACY)
    fields = {name: getattr(matrix, name) for name in Matrix.model_fields}
    return AccuracyMatrix(**fields, chance=dict.fromkeys(study.domains), answers={})


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
        ),
        items={
            domain: max((cell.n_items for (_, name), cell in table.cells.items() if name == domain), default=0)
            for domain in table.domains
        },
        description={"source": table.source},
    )
