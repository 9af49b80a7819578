"""Share of items lost relative to the parent run, minus sampling noise. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="lost_beyond_sampling",
            title="Lost beyond sampling",
            definition="Lost, minus the loss between two samplings of one checkpoint by chance",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            question="How much of the loss exceeds sampling noise?",
            direction="harm",
        ),
        compute=turnover_matrix,
        rank=120,
    ),
)
