"""Share of items gained relative to the parent run. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="gained",
            title="Gained",
            definition="Mean over items of (share wrong before) x (share right after)",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            limits=(0.0, 1.0),
            question="What share of items did a run turn from wrong to right?",
        ),
        compute=turnover_matrix,
        rank=90,
    ),
)
