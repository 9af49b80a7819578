"""Refresh: the effect of a short return to an earlier domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Grid
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.runs import Run

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def refresh_cells(grid: Grid) -> dict[tuple[str, str], tuple[Run, Run]]:
    """Map (run, t) to the run and its parent, for t in the last phase and in an earlier one.

    Domains of the phase before the last one are left out.
    """
    found: dict[tuple[str, str], tuple[Run, Run]] = {}
    for run in grid.book.trained:
        if len(run.id.phases) < 3:
            continue
        *earlier, before, last = run.id.phases
        parent = grid.book.parent(run)
        for domain in grid.domains:
            trained_before = any(domain in phase.domains for phase in earlier)
            if domain in last.domains and domain not in before.domains and trained_before:
                found[run.label, domain] = (run, parent)
    return found


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every return to an earlier domain with the checkpoint before it."""
    study = measurements.study
    effects = {key: study.difference(*sides, key[1]) for key, sides in refresh_cells(study).items()}
    return measurements.tested(template, measurements.cells(effects))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="refresh",
            title="Refresh",
            definition=(
                "refresh(A -> B -> A@n) = R[A -> B -> A@n, A] - R[A -> B, A]: the effect of returning to an earlier "
                "domain; the cost for B is that run's retention"
            ),
            source="domain refresh: 2606.02398; the contrast is ours",
            row_meaning="run",
            family=f"{BENJAMINI_HOCHBERG} over all runs and domains returned to",
            section="main",
            question="How much does a short return to an earlier domain recover?",
            hint="Blue: the earlier domain ends higher than before the return.",
        ),
        compute=compute,
        rank=90,
        addresses=(Address("refresh", domain=None),),
    ),
)
