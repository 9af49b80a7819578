"""Strategies compared with the joint run that moves the weights equally far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Address, Estimand
from xdomain.analysis.estimands.strategy_effect import STRATEGY_COLUMNS, STRATEGY_FAMILY, paired_matrix
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every strategy whose weights move unlike joint's with a joint run that is scaled to move as far."""
    return paired_matrix(measurements, measurements.matched_pairs, template)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="strategy_matched",
            title="Strategies against joint that moves as far",
            definition=(
                "For a strategy whose weights move farther or less far than joint's: the same difference from the arm "
                "of joint whose learning rate was scaled so that it moves as far (within a tenth). "
                f"{STRATEGY_COLUMNS}"
            ),
            source="ours",
            row_meaning="run",
            family=STRATEGY_FAMILY,
            section="main",
            question="Is the effect due to the strategy, or only to a longer step?",
            hint="Blue: higher than a joint run that moves the weights as far.",
        ),
        compute=compute,
        rank=20,
        addresses=(Address("strategy_matched"),),
    ),
)
