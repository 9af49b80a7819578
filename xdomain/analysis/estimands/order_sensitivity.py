"""Order sensitivity: the size of a pair's order effects over a set of domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, EVERY, TRAINED, Address, Estimand, Place
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.order import order_pairs
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.inference import Estimate, Measured
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the size over the trained domains, and over all domains. Each set is a family."""
    study, orders = measurements.study, measurements.orders
    cells: dict[tuple[str, str], Cell] = {}
    for row, (left, right) in order_pairs(study).items():
        trained = [domain for domain in study.domains if domain in left.id.domains]
        for column, domains in ((TRAINED, trained), (EVERY, list(study.domains))):
            parts = [orders[row, domain] for domain in domains]
            cells[row, column] = _joint_cell(measurements, parts, (left.label, right.label))
    families = [[key for key in cells if key[1] == column] for column in (TRAINED, EVERY)]
    return measurements.tested(template, cells, (TRAINED, EVERY), families)


def _joint_cell(measurements: Measurements, parts: Sequence[Measured], compares: tuple[str, ...]) -> Cell:
    """Return the joint size of several effects; blank if one of them is."""
    if not parts:
        return Cell(note="not defined: no evaluated domain is trained", compares=compares)
    known: list[Estimate] = []
    for part in parts:
        if isinstance(part, Blank):
            return Cell(note=part.note, compares=compares)
        known.append(part)
    if not all(part.has_interval for part in known):
        return Cell(note=f"not defined: a part has {known[0].note}", compares=compares)
    return measurements.size(known, compares, sum(part.n_items for part in known))


def places(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of order_sensitivity(A, B) over the trained domains. Swapping A and B changes nothing."""
    a, b = quantity.runs
    return Place(f"{a}, {b}", TRAINED), Place(f"{b}, {a}", TRAINED)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="order_sensitivity",
            title="Order sensitivity",
            definition=(
                "Size of the order effects over a set of domains: sqrt(max(0, mean(order^2 - SE^2))); joint p from "
                "the largest |t|; interval from the simultaneous box of all order effects in the set"
            ),
            source="ours",
            row_meaning="A, B",
            column_meaning="set of evaluated domains",
            family=f"{BENJAMINI_HOCHBERG} over pairs, separately for each set of domains",
            section="main",
            question="How much does the order of a pair matter overall?",
            hint="A size without a sign: the darker the cell, the more the order matters.",
            direction="size",
        ),
        compute=compute,
        rank=60,
        addresses=(Address("order_sensitivity", (2,), domain=False, places=places),),
    ),
)
