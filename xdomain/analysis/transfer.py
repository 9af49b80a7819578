"""Transfer: what training on one domain does to every other, and every run against the base."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Blank, Effect
from xdomain.analysis.definitions import CHANGE, CHANGE_OF_MODELS, TRANSFER
from xdomain.analysis.inference import Measured, combine, pool_effects, to_cell
from xdomain.analysis.multiplicity import adjust_matrix, whole_matrix
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.study import Study

Pair = tuple[str, str]


def transfer_estimates(study: Study) -> dict[Pair, Measured]:
    """transfer(A on d) by (A, d), for every single run and evaluated domain."""
    return pool_effects(
        {
            (name, domain): study.difference(run, study.base, domain)
            for name, run in study.singles.items()
            for domain in study.domains
        }
    )


def transfer_matrix(study: Study, estimates: Mapping[Pair, Measured]) -> Matrix:
    matrix = study.matrix({key: to_cell(found) for key, found in estimates.items()}, study.domains, TRANSFER)
    own = [(row, column) for row, column in whole_matrix(matrix) if row == column]
    others = [(row, column) for row, column in whole_matrix(matrix) if row != column]
    return adjust_matrix(matrix, [others, own])


def change_matrix(study: Study, transfer: Matrix) -> Matrix:
    """Every run against the base; the cells of single runs are those of `transfer`, so that no number stands twice."""
    singles = {run.label: name for name, run in study.singles.items()}
    longer = {
        (run.label, domain): study.difference(run, study.base, domain)
        for run in study.book.trained
        if run.label not in singles
        for domain in study.domains
    }
    cells: dict[Pair, Cell] = {}
    measured = pool_effects(longer)
    for run in study.book.trained:
        for domain in study.domains:
            known = transfer.cell(singles[run.label], domain) if run.label in singles else None
            cells[run.label, domain] = known or to_cell(measured[run.label, domain])
    template = CHANGE_OF_MODELS if study.book.is_comparison else CHANGE
    return adjust_matrix(study.matrix(cells, study.domains, template), [list(longer)])


def mean_diagonal_transfer(study: Study, estimates: Mapping[Pair, Measured]) -> Measured:
    """Mean over domains of transfer(d on d): runs and items are different ones, so variances add."""
    own = [estimates[name, name] for name in study.singles if (name, name) in estimates]
    return (
        combine(own, [1 / len(own)] * len(own)) if own else Blank("not defined: no single run on an evaluated domain")
    )


def mean_cross_transfer(study: Study) -> Effect | Blank:
    """Mean over ordered pairs of transfer(A on d). One run answers on several domains, so seeds are kept as blocks."""
    singles, base = study.singles, study.base
    pairs = [(a, d) for a, d in permutations(singles, 2) if d in study.domains]
    pairs += [(a, d) for a in singles for d in study.domains if d not in singles]
    if not pairs:
        return Blank("not defined: no pair of different domains")
    domains = list(dict.fromkeys(d for _, d in pairs))
    runs = [[singles[a] for a, d in pairs if d == domain] for domain in domains]

    def values(aligned: Aligned, part: int) -> FloatArray:
        total = sum(aligned.scores(run) - aligned.scores(base) for run in runs[part])
        return np.asarray(total, dtype=np.float64) / len(pairs)

    return study.over_domains([(d, [*r, base]) for d, r in zip(domains, runs, strict=True)], values, ())
