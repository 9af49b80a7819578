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
from xdomain.analysis.study import Study, label_of

OTHER = "other domains"
COLUMNS = (TRAINED, OTHER, EVERY)


def odds_matrices(study: Study) -> tuple[Matrix, Matrix]:
    """Common odds ratio and paired difference of every run against the base."""
    sets = {
        (run.label, column): domains
        for run in study.book.trained
        for column, domains in zip(COLUMNS, _domain_sets(study, run), strict=True)
        if domains
    }
    cells = {(label, column): odds_cell(study, label, study.base, domains) for (label, column), domains in sets.items()}
    measured = pool_effects(
        {
            (label, column): study.mean_difference(
                [(domain, label, study.base) for domain in domains], (label, label_of(study.base))
            )
            for (label, column), domains in sets.items()
        }
    )
    odds = study.matrix(cells, COLUMNS, ODDS_RATIO)
    paired = study.matrix({key: to_cell(found) for key, found in measured.items()}, COLUMNS, ODDS_RATIO_PAIRED)
    families = [[(row, column) for row in odds.rows] for column in COLUMNS]
    return adjust_matrix(odds, families), adjust_matrix(paired, families)


def _domain_sets(study: Study, run: Run) -> tuple[list[str], list[str], list[str]]:
    trained = [domain for domain in study.domains if domain in run.trained]
    return trained, [domain for domain in study.domains if domain not in run.trained], list(study.domains)


def odds_cell(study: Study, run: str, base: Run | str, domains: Sequence[str]) -> Cell:
    """One 2 x 2 table a domain: run and base, right and wrong.

    Several samples or seeds of an item are averaged, so that each stratum counts its items once; with one sample and
    one seed the counts are whole.

    Args:
        run: label of the run whose odds stand above.
        base: what it is compared with, or its label.
    """
    label = base if isinstance(base, str) else base.label
    compares = (run, label)
    tables, n_items, n_seeds, caveats = [], 0, 1, []
    for domain in domains:
        aligned = study.align(domain, [run, base])
        if isinstance(aligned, Blank):
            return Cell(note=aligned.note, compares=compares)
        ours, theirs = float(aligned.scores(run).mean()), float(aligned.scores(label).mean())
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
