"""Relative transfer: the effect of training on another domain as a share of a domain's own training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.blank import UNMOVED, Blank
from xdomain.analysis.estimand import Address, Estimand
from xdomain.analysis.matrix import Cell, Matrix

if TYPE_CHECKING:
    from xdomain.analysis.inference import Measured
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return Fieller ratios, and 1 on the diagonal."""
    study = measurements.study
    cells: dict[tuple[str, str], Cell] = {}
    for name, run in study.singles.items():
        for domain in study.domains:
            if domain == name:
                cells[name, domain] = _own_cell(measurements, measurements.transfer[name, name], run.label, domain)
            elif (name, domain) in measurements.ratios:
                cells[name, domain] = measurements.ratio_cell(measurements.ratios[name, domain])
    return measurements.filled(template, cells)


def _own_cell(measurements: Measurements, found: Measured, label: str, domain: str) -> Cell:
    if isinstance(found, Blank):
        return measurements.cell(found)
    if found.value == 0.0:
        return Cell(note=UNMOVED.format(domain=domain), compares=(label, label))
    return Cell(estimate=1.0, low=1.0, high=1.0, note="1 by definition", compares=(label, label))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="relative_transfer",
            title="Relative transfer",
            definition=(
                "transfer(A on d) / transfer(d on d), Fieller interval; unbounded if the interval of transfer(d on "
                "d) holds 0"
            ),
            source="ours",
            row_meaning="trained domain A",
            unit="ratio",
            section="main",
            question="How much of the effect of training on a domain does training on another one give?",
            hint="1 is as good as training on the column's domain; 0 is no effect.",
            numerator="transfer",
        ),
        compute=compute,
        rank=110,
        addresses=(Address("relative_transfer"),),
    ),
)
