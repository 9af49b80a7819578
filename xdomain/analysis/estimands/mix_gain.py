"""Mix gain: a mixture compared with every order of its domains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid, Place
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.inference import Estimate, Measured
    from xdomain.analysis.measurements import Measurements


def mixtures_with_orders(grid: Grid) -> dict[str, tuple[Run, list[Run]]]:
    """Return each mixture whose orders are all planned, with the runs of those orders."""
    sequences: dict[tuple[str, ...], Run] = {}
    for run in sorted(grid.book.trained, key=lambda run: run.id.sets_steps):
        if run.id.is_sequence:
            sequences.setdefault(run.id.order, run)
    found: dict[str, tuple[Run, list[Run]]] = {}
    for run in grid.book.trained:
        if run.id.is_mixture:
            orders = [sequence for order, sequence in sequences.items() if sorted(order) == sorted(run.id.domains)]
            if len(orders) == math.factorial(len(run.id.domains)):
                found[run.label] = (run, orders)
    return found


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the smallest of the differences from all orders."""
    study = measurements.study
    groups = mixtures_with_orders(study)
    measured = measurements.pooled(
        {
            (label, domain, order.label): study.difference(run, order, domain)
            for label, (run, orders) in groups.items()
            for order in orders
            for domain in study.domains
        }
    )
    cells = {
        (label, domain): _smallest_cell(measurements, measured, label, domain, orders)
        for label, (_, orders) in groups.items()
        for domain in study.domains
    }
    return measurements.tested(template, cells)


def _smallest_cell(
    measurements: Measurements,
    measured: Mapping[tuple[str, str, str], Measured],
    label: str,
    domain: str,
    orders: list[Run],
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
    return measurements.smallest(parts, compares, n_items, f'smallest against "{worst}"')


def mixture_places(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of mix_gain(A + B) on t, which is also written mix_gain(A, B)."""
    return (Place(" + ".join(sorted(map(str, quantity.runs))), quantity.domain),)


def planned(grid: Grid) -> Family:
    """Return the family of mixtures whose orders are all planned.

    The parts of a cell are the orders of the largest mixture.
    """
    sizes = [len(orders) for _, orders in mixtures_with_orders(grid).values()]
    return Family(len(sizes) * len(grid.domains), max(sum(sizes), 1), n_parts=max(sizes, default=1))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="mix_gain",
            title="Mix gain over every order",
            definition="min over orders of R[A + B, t] - R[order, t]; interval corrected for the minimum",
            source="2602.01365 in words",
            row_meaning="mixture",
            family=f"{BENJAMINI_HOCHBERG} over all mixtures and evaluated domains",
            section="main",
            question="Is a mixture better than all orders of its domains?",
            hint="Blue: the mixture ends above the better order. Orange: some order beats it.",
        ),
        compute=compute,
        rank=100,
        addresses=(Address("mix_gain", (1, 2), places=mixture_places),),
        planned=planned,
    ),
)
