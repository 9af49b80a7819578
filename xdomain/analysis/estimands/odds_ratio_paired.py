"""Paired difference over the same sets of domains as the odds ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Estimand
from xdomain.analysis.estimands.odds_ratio import columns_of, domain_sets, families_of
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the mean change from the base model over each set of domains. Each set is a family."""
    study = measurements.study
    base = study.base
    cells = measurements.cells(
        {
            key: study.mean_difference([(domain, run, base) for domain in domains], (run.label, base.label))
            for key, (run, domains) in domain_sets(study).items()
        }
    )
    return measurements.tested(template, cells, columns_of(study), families_of(cells))


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="odds_ratio_paired",
            title="Paired difference over the same domains",
            definition=(
                "Mean over the set's domains of R[c, d] - R[base, d], paired by item, seeds crossed. Prefer this test "
                "to the odds ratio"
            ),
            source="ours",
            row_meaning="run",
            column_meaning="set of evaluated domains",
            family=f"{BENJAMINI_HOCHBERG} over runs, separately for each set of domains",
            question="What is the change over the same domains by a test that pairs items?",
        ),
        compute=compute,
        rank=80,
    ),
)
