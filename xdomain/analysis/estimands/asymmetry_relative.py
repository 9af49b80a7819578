"""Asymmetry of relative transfer, measured in units of each domain's own gain."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Address, Estimand
from xdomain.analysis.estimands.asymmetry import compared_domains, pair_of_domains
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the difference of two Fieller ratios."""
    study, ratios = measurements.study, measurements.ratios
    names = compared_domains(study)
    cells = {
        (a, b): measurements.ratio_difference_cell(
            ratios[a, b], ratios[b, a], (study.singles[a].label, study.singles[b].label)
        )
        for a, b in permutations(names, 2)
    }
    return measurements.filled(template, cells, names)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="asymmetry_relative",
            title="Asymmetry of relative transfer",
            definition=(
                "relative transfer(A on B) - relative transfer(B on A); interval from both Fieller intervals (MOVER)"
            ),
            source="ours; Zou and Donner 2008 for the interval",
            row_meaning="A",
            unit="ratio",
            column_meaning="B",
            question="Does the asymmetry hold relative to each domain's own gain?",
            mirrored=True,
        ),
        compute=compute,
        rank=30,
        addresses=(Address("asymmetry_relative", (2,), domain=False, places=pair_of_domains),),
    ),
)
