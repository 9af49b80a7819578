"""Cochran-Mantel-Haenszel odds ratios against the base model, with domains as strata."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank, join
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, EVERY, OTHER, TRAINED, Estimand, Grid
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.runs import Run

if TYPE_CHECKING:
    from xdomain.analysis.columns import FloatArray
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.study import Study

COLUMNS = (TRAINED, OTHER, EVERY)


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the common odds ratio of each run against the base model for each set of domains. Each set is a family."""
    study = measurements.study
    cells = {key: odds_cell(study, run, study.base, domains) for key, (run, domains) in domain_sets(study).items()}
    return measurements.tested(template, cells, columns_of(study), families_of(cells))


def columns_of(grid: Grid) -> tuple[str, ...]:
    """Return the sets of domains; only "all domains" for models whose training is unknown."""
    return (EVERY,) if grid.book.is_comparison else COLUMNS


def domain_sets(grid: Grid) -> dict[tuple[str, str], tuple[Run, list[str]]]:
    """Map (run, column) to the run and its evaluated domains: trained ones, others, all. Empty sets are left out."""
    found: dict[tuple[str, str], tuple[Run, list[str]]] = {}
    for run in grid.book.trained:
        trained = [domain for domain in grid.domains if domain in run.id.domains]
        others = [domain for domain in grid.domains if domain not in run.id.domains]
        for column, domains in zip(COLUMNS, (trained, others, list(grid.domains)), strict=True):
            if domains and column in columns_of(grid):
                found[run.label, column] = (run, domains)
    return found


def families_of(cells: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return the (row, column) cells of each column as a family."""
    places = list(cells)
    return [[key for key in places if key[1] == column] for column in COLUMNS]


def odds_cell(study: Study, run: Run, base: Run, domains: Sequence[str]) -> Cell:
    """Return the common odds ratio over one 2 x 2 table per domain: run and base model, right and wrong.

    Several samples or seeds of an item are averaged, so that each stratum counts its items once. With one sample and
    one seed, the counts are whole numbers.

    Args:
        run: Run whose odds are the numerator.
        base: Run that it is compared with.
    """
    import numpy as np

    compares = (run.label, base.label)
    tables, n_items, n_seeds, caveats = [], 0, 1, []
    for domain in domains:
        aligned = study.align(domain, [run, base])
        if isinstance(aligned, Blank):
            return Cell(note=aligned.note, compares=compares)
        ours, theirs = float(aligned.scores(run).mean()), float(aligned.scores(base).mean())
        n = len(aligned.items)
        tables.append(np.array([[ours * n, (1 - ours) * n], [theirs * n, (1 - theirs) * n]]))
        n_items, n_seeds = n_items + n, len(aligned.seeds)
        caveats.append(aligned.caveat)
    found = common_odds_ratio(tables)
    if found is None:
        note = "not defined: all answers of one side are right, or all wrong"
        return Cell(n_items=n_items, n_seeds=n_seeds, compares=compares, note=note)
    ratio, low, high, p = found
    return Cell(
        estimate=ratio,
        low=low,
        high=high,
        n_items=n_items,
        n_seeds=n_seeds,
        p=p,
        speaks_of="these checkpoints",
        compares=compares,
        note="treats the answers of both models as independent; see the paired difference",
        caveat=join(*caveats),
    )


def common_odds_ratio(tables: Sequence[FloatArray]) -> tuple[float, float, float, float] | None:
    """Return odds ratio, 95% limits and p of the CMH test; None if the ratio is 0, infinite or undefined.

    Source: Mantel and Haenszel 1959; standard error of the log after Robins, Breslow and Greenland 1986 (statsmodels).
    """
    import numpy as np
    from scipy import stats
    from statsmodels.stats.contingency_tables import StratifiedTable

    numbers = np.stack(list(tables), axis=-1)
    total = numbers.sum(axis=(0, 1))
    agree = float((numbers[0, 0] * numbers[1, 1] / total).sum())
    differ = float((numbers[0, 1] * numbers[1, 0] / total).sum())
    if agree <= 1e-12 or differ <= 1e-12:
        return None
    table = StratifiedTable(numbers)
    half = float(stats.norm.ppf(0.975)) * float(table.logodds_pooled_se)
    logarithm = float(table.logodds_pooled)
    p = float(table.test_null_odds(correction=False).pvalue)
    return float(table.oddsratio_pooled), math.exp(logarithm - half), math.exp(logarithm + half), p


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="odds_ratio",
            title="Odds ratio against base",
            definition=(
                "Cochran-Mantel-Haenszel common odds ratio of a right answer, run against base, domains as strata. It "
                "treats the two models' answers to the same items as independent and covers these checkpoints only"
            ),
            source="2506.19733",
            row_meaning="run",
            unit="odds ratio",
            centre=1.0,
            column_meaning="set of evaluated domains",
            speaks_of="these checkpoints",
            family=f"{BENJAMINI_HOCHBERG} over runs, separately for each set of domains",
            question="How do the odds of a right answer change over a set of domains?",
        ),
        compute=compute,
        rank=70,
    ),
)
