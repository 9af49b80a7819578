"""Mix gain over the single run: a mixture compared with training on one of its domains only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand
from xdomain.analysis.estimands.mix_gain import mixture_places
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every mixture with the single runs of its domains."""
    study = measurements.study
    singles = study.singles
    effects = {
        (run.label, domain): study.difference(run, singles[domain], domain)
        for run in study.book.trained
        if run.id.is_mixture
        for domain in study.domains
        if domain in run.id.domains and domain in singles
    }
    return measurements.tested(template, measurements.cells(effects))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="mix_gain_over_single",
            title="Mix gain over the single run",
            definition="R[A + B, t] - R[(t), t], for t in the mixture",
            source="2602.01365 in words",
            row_meaning="mixture",
            family=f"{BENJAMINI_HOCHBERG} over all mixtures and their domains",
            question="Is a mixture better than training on the domain only?",
        ),
        compute=compute,
        rank=50,
        addresses=(Address("mix_gain_over_single", (1, 2), places=mixture_places),),
    ),
)
