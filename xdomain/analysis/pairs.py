"""Observational study of pairs: gains in and out of domain, and the odds ratios that 2506.19733 reports.

Source: 2506.19733, where gains are weighted averages of pass@1 differences over the benchmarks of a set, and each set
has a Cochran-Mantel-Haenszel test with the benchmarks as strata. Ours: benchmarks are weighted by their items, so that
a gain is the share of items gained; every gain has an interval paired by item; p is adjusted over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG
from xdomain.analysis.estimands import estimands
from xdomain.analysis.estimands.odds_ratio import odds_cell
from xdomain.analysis.inference import pool_effects, t_quantile, to_cell
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.multiplicity import adjust_matrix
from xdomain.analysis.pair_result import STATEMENTS, PairResult
from xdomain.analysis.possible import cut
from xdomain.analysis.result import AccuracyMatrix, Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study, build_study, templates_statement
from xdomain.config.run_id import RunId
from xdomain.config.study import PairConfig, StudyConfig
from xdomain.plan.measurement import MeasuredGrid

IN_DOMAIN, OUT_OF_DOMAIN = "in domain", "out of domain"

GAIN = Matrix(
    name="gain",
    title="Gain",
    definition=(
        "sum over the benchmarks b of a set of n_b / N (pass@1[tuned, b] - pass@1[base, b]), n_b items of N. In-domain "
        "groups are those that the pair was trained on. Interval paired by item"
    ),
    source="2506.19733; the weights and the paired interval are ours",
    row_meaning="pair",
    column_meaning="set of benchmarks",
    family=f"{BENJAMINI_HOCHBERG} over pairs, each set of benchmarks by itself",
)

ODDS = Matrix(
    name="odds_ratio",
    title="Odds ratio",
    definition="Cochran-Mantel-Haenszel common odds ratio of tuned against base, benchmarks as strata",
    source="2506.19733",
    unit="odds ratio",
    centre=1.0,
    row_meaning="pair",
    column_meaning="set of benchmarks",
    family=f"{BENJAMINI_HOCHBERG} over pairs, each set of benchmarks by itself",
)


def analyse_pairs(grid: MeasuredGrid, config: StudyConfig) -> PairResult:
    """Compute all tables of a study.

    Args:
        grid: Comparison of models, with the names that the study uses.

    Raises:
        AnalysisError: See `build_study`.
    """
    study = build_study(grid)
    columns = (IN_DOMAIN, OUT_OF_DOMAIN, *config.groups)
    sets = {
        (pair.name, column): (pair, members)
        for pair in config.pairs
        for column, members in zip(columns, benchmark_sets(config, pair), strict=True)
        if members
    }
    gains = pool_effects({key: weighted_gain(study, *found) for key, found in sets.items()})
    odds = {key: odds_cell(study, *_sides(study, pair), members) for key, (pair, members) in sets.items()}
    gain = study.matrix({key: to_cell(found) for key, found in gains.items()}, columns, GAIN)
    ratio = study.matrix(odds, columns, ODDS)
    families = [[(pair.name, column) for pair in config.pairs] for column in columns]
    return PairResult(
        study=config.name,
        trained_on={pair.name: pair.trained_on for pair in config.pairs},
        groups=config.groups,
        items={name: len(panel.item_ids) for name, panel in study.panels.items()},
        models={pair.name: (pair.base, pair.tuned) for pair in config.pairs},
        accuracy=in_order(Measurements(study, grid, estimands()).matrix("accuracy"), config),
        gain=adjust_matrix(gain, families),
        mean_gain={column: mean_over_pairs(gain, column) for column in columns},
        odds_ratio=adjust_matrix(ratio, families),
        templates=study.templates,
        statements=(templates_statement(study.templates), *STATEMENTS) if study.templates else STATEMENTS,
    )


def benchmark_sets(config: StudyConfig, pair: PairConfig) -> list[tuple[str, ...]]:
    """Return the benchmarks in domain, out of domain, and of each group."""
    inside = config.in_domain(pair)
    outside = tuple(name for name in config.benchmarks if name not in inside)
    return [inside, outside, *config.groups.values()]


def weighted_gain(study: Study, pair: PairConfig, members: Sequence[str]) -> Effect | Blank:
    """Return the gain on a set of benchmarks, weighted by the items that both models have a verdict on."""
    sides = _sides(study, pair)
    tuned, base = sides
    found = [study.align(name, sides) for name in members]
    total = sum(len(aligned.items) for aligned in found if isinstance(aligned, Aligned))

    def values(aligned: Aligned, part: int) -> FloatArray:
        share = len(aligned.items) / total
        difference: FloatArray = (aligned.scores(tuned) - aligned.scores(base)) * share
        return difference

    return study.over_domains([(name, sides) for name in members], values, (pair.tuned, pair.base))


def _sides(study: Study, pair: PairConfig) -> tuple[Run, Run]:
    tuned, base = (study.book.run(RunId(model=name)) for name in (pair.tuned, pair.base))
    return tuned, base


def mean_over_pairs(gain: Matrix, column: str) -> Cell:
    """Return the mean of a column with a t interval over its pairs; without an interval for fewer than two pairs."""
    known = [
        cell.estimate for row in gain.rows if (cell := gain.cell(row, column)) is not None and cell.estimate is not None
    ]
    if not known:
        return Cell(note="not measured: no pair has a value")
    mean, count = float(np.mean(known)), len(known)
    if count < 2:
        return Cell(estimate=mean, note="no interval: one pair")
    error = float(np.std(known, ddof=1)) / count**0.5
    half = t_quantile(0.975, count - 1) * error
    p = 2 * float(special.stdtr(count - 1, -abs(mean) / error)) if error > 0 else None
    return cut(Cell(estimate=mean, low=mean - half, high=mean + half, p=p, note=f"over {count} pairs"))


def in_order(accuracy: Matrix | None, config: StudyConfig) -> AccuracyMatrix:
    """Return the accuracies with the models in the order of the study."""
    assert isinstance(accuracy, AccuracyMatrix)
    rows = tuple(model for model in config.models if model in accuracy.cells)
    return accuracy.model_copy(update={"rows": rows, "cells": {row: accuracy.cells[row] for row in rows}})
