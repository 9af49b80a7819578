"""Transfer: the effect of training on one domain on all domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every single run with the base model. The effect of a domain on itself is a separate family."""
    cells = {key: measurements.cell(found) for key, found in measurements.transfer.items()}
    others = [(name, domain) for name, domain in cells if name != domain]
    own = [(name, domain) for name, domain in cells if name == domain]
    return measurements.tested(template, cells, families=[others, own])


def planned(grid: Grid) -> Family:
    """Return the family of pairs of different domains."""
    singles = grid.book.singles(grid.domains)
    cells = sum(name != domain for name in singles for domain in grid.domains)
    return Family(cells, len(singles), trained_sides=1)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="transfer",
            title="Transfer",
            definition="transfer(A on d) = R[(A), d] - R[base, d]",
            source="2602.01365, 2506.19733",
            row_meaning="trained domain A",
            family=f"{BENJAMINI_HOCHBERG} over pairs of different domains; a domain on itself in a separate family",
            section="main",
            question="How does training on one domain affect the others?",
            hint="Blue: training on the row's domain raised the column's accuracy above the base model's.",
        ),
        compute=compute,
        rank=30,
        addresses=(Address("transfer"),),
        planned=planned,
    ),
)
