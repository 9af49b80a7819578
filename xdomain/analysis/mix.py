"""Mixtures against sequences of the same domains, and against the single."""

from __future__ import annotations

import math
from collections.abc import Mapping

from xdomain.analysis.contrast import Blank
from xdomain.analysis.definitions import MIX_GAIN, MIX_GAIN_OVER_SINGLE
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.maxima import smallest
from xdomain.analysis.multiplicity import adjust_matrix, whole_matrix
from xdomain.analysis.order import extreme_cell
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study


def mixtures_with_orders(study: Study) -> dict[str, tuple[Run, list[Run]]]:
    """Each mixture whose every order is planned, with the runs of those orders."""
    sequences: dict[tuple[str, ...], Run] = {}
    for run in sorted(study.book.trained, key=lambda run: run.id.sets_steps):
        if run.id.is_sequence:
            sequences.setdefault(run.id.order, run)
    found: dict[str, tuple[Run, list[Run]]] = {}
    for run in study.book.trained:
        if run.id.is_mixture:
            orders = [sequence for order, sequence in sequences.items() if sorted(order) == sorted(run.id.domains)]
            if len(orders) == math.factorial(len(run.id.domains)):
                found[run.label] = (run, orders)
    return found


def mix_gain_matrix(study: Study) -> Matrix:
    groups = mixtures_with_orders(study)
    measured = pool_effects(
        {
            (label, domain, order.label): study.difference(run, order, domain)
            for label, (run, orders) in groups.items()
            for order in orders
            for domain in study.domains
        }
    )
    cells = {
        (label, domain): _smallest_cell(measured, label, domain, orders)
        for label, (_, orders) in groups.items()
        for domain in study.domains
    }
    matrix = study.matrix(cells, study.domains, MIX_GAIN)
    return adjust_matrix(matrix, [whole_matrix(matrix)])


def _smallest_cell(
    measured: Mapping[tuple[str, str, str], Measured], label: str, domain: str, orders: list[Run]
) -> Cell:
    compares = (label, *(order.label for order in orders))
    parts: list[Estimate] = []
    for order in orders:
        found = measured[label, domain, order.label]
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=compares)
        if not found.has_interval:
            return Cell(note=f'no interval against "{order.label}": {found.note}', compares=compares)
        parts.append(found)
    worst = min(parts, key=lambda part: part.value).compares[1]
    n_items = min(part.n_items for part in parts)
    return extreme_cell(smallest(parts), parts, compares, n_items, f'smallest against "{worst}"')


def mix_gain_over_single_matrix(study: Study) -> Matrix:
    singles = study.singles
    measured = pool_effects(
        {
            (run.label, domain): study.difference(run, singles[domain], domain)
            for run in study.book.trained
            if run.id.is_mixture
            for domain in study.domains
            if domain in run.id.domains and domain in singles
        }
    )
    matrix = study.matrix({key: to_cell(found) for key, found in measured.items()}, study.domains, MIX_GAIN_OVER_SINGLE)
    return adjust_matrix(matrix, [whole_matrix(matrix)])
