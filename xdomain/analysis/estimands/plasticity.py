"""Plasticity: the effect of earlier phases on learning in the last phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid, family_by_domain
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.runs import Run
from xdomain.config.curriculum import Curriculum

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def plasticity_cells(grid: Grid) -> dict[tuple[str, str], tuple[Run, Run]]:
    """Map (run, t) to the run and the single run of its last phase, for t in that phase.

    It includes the control A -> A.
    """
    found: dict[tuple[str, str], tuple[Run, Run]] = {}
    for run in grid.book.trained:
        if len(run.id.phases) < 2:
            continue
        alone = grid.book.of_curriculum(Curriculum(run.id.phases[-1:]), run.id.strategy)
        if alone is None or not alone.planned:
            continue
        for domain in grid.domains:
            if domain in run.id.phases[-1].domains:
                found[run.label, domain] = (run, alone)
    return found


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every run of several phases with the single run of its last phase, on that phase's domains."""
    study = measurements.study
    effects = {key: study.difference(*sides, key[1]) for key, sides in plasticity_cells(study).items()}
    return measurements.tested(template, measurements.cells(effects))


def planned(grid: Grid) -> Family:
    """Return the family of runs and domains of their last phase."""
    return family_by_domain(plasticity_cells(grid))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="plasticity",
            title="Plasticity",
            definition=(
                "plasticity(A -> B) = R[A -> B, B] - R[(B), B]: the effect of earlier phases on learning the last one"
            ),
            source='2602.01365 (its "before")',
            row_meaning="run",
            family=f"{BENJAMINI_HOCHBERG} over all runs and domains of their last phase",
            section="main",
            question="Does an earlier phase help or hinder learning the next domain?",
            hint="Blue: the domain ends higher than after training it directly from the base model.",
            square=("domain learned", "first trained on"),
        ),
        compute=compute,
        rank=80,
        addresses=(Address("plasticity", domain=None),),
        planned=planned,
    ),
)
