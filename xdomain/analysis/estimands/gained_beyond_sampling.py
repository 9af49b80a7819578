"""Items gained against the parent beyond the churn of sampling. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="gained_beyond_sampling",
            title="Gained beyond sampling",
            definition="Gained, minus what two samplings of one checkpoint would gain by chance",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            question="How much of the gain is more than the churn of sampling?",
        ),
        compute=turnover_matrix,
        rank=110,
    ),
)
