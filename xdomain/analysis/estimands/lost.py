"""Share of items lost relative to the parent run. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="lost",
            title="Lost",
            definition="Mean over items of (share right before) x (share wrong after)",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            limits=(0.0, 1.0),
            question="What share of items did a run turn from right to wrong?",
            direction="harm",
        ),
        compute=turnover_matrix,
        rank=100,
    ),
)
