"""Items lost against the parent beyond the churn of sampling. See `xdomain.analysis.turnover`."""

from __future__ import annotations

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix
from xdomain.analysis.turnover import ROW_MEANING, SOURCE, turnover_matrix

ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="lost_beyond_sampling",
            title="Lost beyond sampling",
            definition="Lost, minus what two samplings of one checkpoint would lose by chance",
            source=SOURCE,
            row_meaning=ROW_MEANING,
            question="How much of the loss is more than the churn of sampling?",
            direction="harm",
        ),
        compute=turnover_matrix,
        rank=120,
    ),
)
