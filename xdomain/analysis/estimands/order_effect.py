"""Order effects: A -> B compared with B -> A."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import (
    BENJAMINI_HOCHBERG,
    Address,
    Estimand,
    Family,
    Grid,
    Place,
    family_over_domains,
)
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.order import order_pairs
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the effect of each unordered pair of runs on every evaluated domain."""
    return measurements.tested(template, {key: measurements.cell(found) for key, found in measurements.orders.items()})


def places(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of order(A, B) on t; order(B, A) is order(A, B) with the opposite sign."""
    a, b = map(str, quantity.runs)
    return Place(f"{a}, {b}", quantity.domain), Place(f"{b}, {a}", quantity.domain, negated=True)


def planned(grid: Grid) -> Family:
    """Return the family of pairs of orders on every evaluated domain."""
    return family_over_domains(len(order_pairs(grid)), grid)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="order_effect",
            title="Order effect",
            definition="order(A, B) on t = R[A -> B, t] - R[B -> A, t], with A, B as listed",
            source="2602.01365 for t in {A, B}",
            row_meaning="A, B",
            family=f"{BENJAMINI_HOCHBERG} over all pairs and evaluated domains",
            section="main",
            question="Is it better to train A first, or B?",
            hint="Blue: training A first, then B, ends higher on the column's domain.",
        ),
        compute=compute,
        rank=50,
        addresses=(Address("order", (2,), places=places),),
        planned=planned,
    ),
)
