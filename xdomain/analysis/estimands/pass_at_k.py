"""pass@k for k = 2, 4, 8, ...: the chance that at least one of k samples is right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.columns import FloatArray, IntArray
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix, k: int) -> Matrix | None:
    """Return the matrix, or None if an item of some domain has fewer than k samples."""
    if k > min(measurements.samples.values(), default=0):
        return None
    study = measurements.study
    values = {domain: pass_at_k(panel.judged, panel.right, k) for domain, panel in study.panels.items()}
    return measurements.filled(template, measurements.level_cells(study.levels(values)))


def pass_at_k(n: IntArray, c: IntArray, k: int) -> FloatArray:
    """Return the unbiased chance that one of k samples is right, from c right of n; NaN if n < k.

    The chance is 1 - prod_{i=n-c+1..n} (1 - k/i), and 1 if fewer than k are wrong.

    Source: Chen et al. 2107.03374, figure 3.
    """
    import numpy as np

    n, c = np.asarray(n), np.asarray(c)
    failure = np.ones(np.broadcast(n, c).shape)
    for step in range(int(c.max(initial=0))):
        used = step < c
        i = n - c + 1 + step
        failure = np.where(used, failure * (1 - k / np.maximum(i, 1)), failure)
    failure = np.where(n - c < k, 0.0, failure)
    return np.where(n >= k, 1 - failure, np.nan)


def pass_at(k: int, rank: int) -> Estimand:
    """Return the estimand of one k."""
    return Estimand(
        template=Matrix(
            name=f"pass_at_{k}",
            title=f"pass@{k}",
            definition=(
                f"Chance that at least one of {k} samples is right: mean over items of 1 - C(n-c, {k}) / C(n, {k})"
            ),
            source="Chen et al. 2107.03374",
            row_meaning="run",
            centre=None,
        ),
        compute=partial(compute, k=k),
        rank=rank,
    )


ESTIMANDS = tuple(pass_at(2**power, 200 + power) for power in range(1, 12))
