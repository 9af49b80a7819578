"""Range of accuracies over the orders of three or more phases."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Estimand
from xdomain.analysis.matrix import Cell, Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.runs import Run


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the largest minus the smallest accuracy over the planned orders of the same phases."""
    study = measurements.study
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in study.book.trained:
        if len(run.id.phases) > 2:
            groups[run.id.with_strategy(", ".join(sorted(map(str, run.id.phases))))].append(run)
    cells: dict[tuple[str, str], Cell] = {}
    for row, runs in groups.items():
        if len(runs) > 1:
            cells |= {(row, domain): study.range_over(runs, domain) for domain in study.domains}
    return measurements.tested(template, cells)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="permutation_range",
            title="Range over orders",
            definition=(
                "Largest minus smallest accuracy over the orders of three or more phases, minus the range expected "
                "from noise: sqrt(max(0, range^2 - c SE^2)); simultaneous (Tukey-Kramer) interval "
                "and p"
            ),
            source="ours",
            row_meaning="phases in any order",
            family=f"{BENJAMINI_HOCHBERG} over all sets of phases and evaluated domains",
            question="How far apart are the results of different orders of three or more phases?",
            direction="size",
        ),
        compute=compute,
        rank=40,
    ),
)
