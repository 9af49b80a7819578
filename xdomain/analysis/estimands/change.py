"""Change of each run from the base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand
from xdomain.analysis.matrix import Cell, Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every run with the base model.

    Single runs reuse the cells of transfer, so that no cell is tested twice.
    """
    study, transfer = measurements.study, measurements.matrix("transfer")
    assert transfer is not None
    singles = {run.label: name for name, run in study.singles.items()}
    longer = measurements.cells(
        {
            (run.label, domain): study.difference(run, study.base, domain)
            for run in study.book.trained
            if run.label not in singles
            for domain in study.domains
        }
    )
    cells: dict[tuple[str, str], Cell] = {}
    for run in study.book.trained:
        for domain in study.domains:
            known = transfer.cell(singles[run.label], domain) if run.label in singles else None
            cells[run.label, domain] = known or longer[run.label, domain]
    if study.book.is_comparison:
        family = f"{BENJAMINI_HOCHBERG} over models and domains"
        template = template.model_copy(update={"definition": "R[model, d] - R[base, d]", "family": family})
    return measurements.tested(template, cells, families=[list(longer)])


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="change",
            title="Change from base",
            definition="R[c, d] - R[base, d], for every run; single runs as in transfer",
            source="2602.01365",
            row_meaning="run",
            family=f"{BENJAMINI_HOCHBERG} over all runs except single runs, which are adjusted in transfer",
            question="How far is each run from the base model?",
        ),
        compute=compute,
        rank=10,
        addresses=(Address("change"),),
    ),
)
