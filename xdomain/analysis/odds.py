"""Cochran-Mantel-Haenszel odds ratios against the base, domains as strata, with the paired difference beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Blank, join
from xdomain.analysis.definitions import ODDS_RATIO, ODDS_RATIO_PAIRED
from xdomain.analysis.inference import pool_effects, to_cell
from xdomain.analysis.multiplicity import adjust_matrix
from xdomain.analysis.order import EVERY, TRAINED
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study

OTHER = "other domains"
COLUMNS = (TRAINED, OTHER, EVERY)


def odds_matrices(study: Study) -> tuple[Matrix, Matrix]:
    """Common odds ratio and paired difference of every run against the base."""
    base = study.base
    columns = (EVERY,) if study.book.is_comparison else COLUMNS
    sets = {
        (run.label, column): (run, domains)
        for run in study.book.trained
        for column, domains in _domain_sets(study, run).items()
        if domains and column in columns
    }
    cells = {key: odds_cell(study, run, base, domains) for key, (run, domains) in sets.items()}
    measured = pool_effects(
        {
            key: study.mean_difference([(domain, run, base) for domain in domains], (run.label, base.label))
            for key, (run, domains) in sets.items()
        }
    )
    odds = study.matrix(cells, columns, ODDS_RATIO)
    paired = study.matrix({key: to_cell(found) for key, found in measured.items()}, columns, ODDS_RATIO_PAIRED)
    families = [[(row, column) for row in odds.rows] for column in columns]
    return adjust_matrix(odds, families), adjust_matrix(paired, families)


def _domain_sets(study: Study, run: Run) -> dict[str, list[str]]:
    """Evaluated domains by column."""
    trained = [domain for domain in study.domains if domain in run.id.domains]
    other = [domain for domain in study.domains if domain not in run.id.domains]
    return dict(zip(COLUMNS, (trained, other, list(study.domains)), strict=True))


def odds_cell(study: Study, run: Run, base: Run, domains: Sequence[str]) -> Cell:
    """One 2 x 2 table a domain: run and base, right and wrong.

    Several samples or seeds of an item are averaged, so that each stratum counts its items once; with one sample and
    one seed the counts are whole.

    Args:
        run: the odds that stand above.
        base: what it is compared with.
    """
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
    note = "treats the answers of both models as independent; see the paired difference"
    return Cell(
        estimate=ratio,
        low=low,
        high=high,
        n_items=n_items,
        n_seeds=n_seeds,
        p=p,
        speaks_of="these checkpoints",
        compares=compares,
        note=note,
        caveat=join(*caveats),
    )


def common_odds_ratio(tables: Sequence[FloatArray]) -> tuple[float, float, float, float] | None:
    """Odds ratio, 95% limits and p of the CMH test; None where the ratio is 0, infinite or undefined.

    Source: Mantel and Haenszel 1959; standard error of the log after Robins, Breslow and Greenland 1986 (statsmodels).
    """
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
