"""Worst-domain retention: the smallest retention of a run over its earlier domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Place
from xdomain.analysis.estimands.retention import retention_cells
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.inference import Estimate, Measured
    from xdomain.analysis.measurements import Measurements

COLUMN = "worst earlier domain"


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the smallest of the retentions of every run of several phases."""
    study = measurements.study
    differences = {key: study.difference(*sides, key[1]) for key, sides in retention_cells(study).items()}
    by_run: dict[str, dict[str, Measured]] = {}
    for (label, domain), found in measurements.pooled(differences).items():
        by_run.setdefault(label, {})[domain] = found
    cells = {(label, COLUMN): _smallest_cell(measurements, parts) for label, parts in by_run.items()}
    return measurements.tested(template, cells, (COLUMN,))


def _smallest_cell(measurements: Measurements, by_domain: dict[str, Measured]) -> Cell:
    """Return the smallest retention; blank if one of them is, or has no interval."""
    parts: dict[str, Estimate] = {}
    for domain, found in by_domain.items():
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=found.compares)
        if not found.has_interval:
            return Cell(note=f'not defined: no interval on "{domain}": {found.note}', compares=found.compares)
        parts[domain] = found
    worst = min(parts, key=lambda domain: parts[domain].value)
    n_items = sum(part.n_items for part in parts.values())
    return measurements.smallest(list(parts.values()), parts[worst].compares, n_items, f'"{worst}"')


def places(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of worst_domain_retention(A -> B -> C)."""
    return (Place(str(quantity.runs[0]), COLUMN),)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="worst_domain_retention",
            title="Worst-domain retention",
            definition=(
                "min over t of retention(run) on t, t in earlier phases and not in the last one; interval and p "
                "corrected for the minimum"
            ),
            source="ours; retention: 2602.01365",
            row_meaning="run",
            column_meaning="domain",
            family=f"{BENJAMINI_HOCHBERG} over all runs",
            question="How much does the most affected earlier domain lose in a later phase?",
            hint="Orange: some earlier domain was forgotten. Blue: every earlier domain improved further.",
        ),
        compute=compute,
        rank=55,
        addresses=(Address("worst_domain_retention", domain=False, places=places),),
    ),
)
