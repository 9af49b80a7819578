"""Share of items gained relative to the parent run, minus sampling noise. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="gained_beyond_sampling",
            title="Gained beyond sampling",
            definition="Gained, minus the gain between two samplings of one checkpoint by chance",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            question="How much of the gain exceeds sampling noise?",
        ),
        compute=turnover_matrix,
        rank=110,
    ),
)
