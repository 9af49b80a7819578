"""An estimand written from scratch against `xdomain.analysis.estimand`: items that some sample answers rightly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.result import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Fill in the share for each run and domain, with its interval."""
    import numpy as np  # a plan reads this module, and needs no numpy for it

    panels = measurements.study.panels
    values = {domain: np.where(panel.judged > 0, panel.right > 0, np.nan) for domain, panel in panels.items()}
    return measurements.filled(template, measurements.level_cells(measurements.study.levels(values)))


ESTIMAND = Estimand(
    template=Matrix(
        name="any_right",
        title="Any sample right",
        definition="Share of items that at least one of the samples answers rightly",
        source="xdomain-roman",
        row_meaning="run",
        centre=None,
    ),
    compute=compute,
)
