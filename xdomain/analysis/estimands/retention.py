"""Retention: the effect of a later phase on the domains of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid, family_by_domain
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.runs import Run

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def retention_cells(grid: Grid) -> dict[tuple[str, str], tuple[Run, Run]]:
    """Map (run, t) to the run and its parent, for t in earlier phases and not in the last one."""
    found: dict[tuple[str, str], tuple[Run, Run]] = {}
    for run in grid.book.trained:
        if len(run.id.phases) < 2:
            continue
        parent = grid.book.parent(run)
        for domain in grid.domains:
            if domain in run.id.domains and domain not in run.id.phases[-1].domains:
                found[run.label, domain] = (run, parent)
    return found


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every run of several phases with its parent, on the domains of its earlier phases."""
    study = measurements.study
    effects = {key: study.difference(*sides, key[1]) for key, sides in retention_cells(study).items()}
    return measurements.tested(template, measurements.cells(effects))


def planned(grid: Grid) -> Family:
    """Return the family of runs and their earlier domains."""
    return family_by_domain(retention_cells(grid))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="retention",
            title="Retention",
            definition=(
                "retention(A -> B) = R[A -> B, A] - R[parent, A]: the effect of the last phase on domains of earlier "
                "ones"
            ),
            source='2602.01365 (its "continue")',
            row_meaning="run",
            family=f"{BENJAMINI_HOCHBERG} over all runs and earlier domains",
            section="main",
            question="How much of an earlier phase's learning remains after a later phase?",
            hint="Orange: forgotten. Blue: improved further.",
            square=("domain kept", "then trained on"),
        ),
        compute=compute,
        rank=70,
        addresses=(Address("retention", domain=None),),
        planned=planned,
    ),
)
