"""The colour scale of the heat maps."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import Cell, Matrix
from xdomain.report.colour import NICE_LIMITS, Scale, distance_from_centre, scales

MATRIX: Matrix = example_result(2, 1).matrices["transfer"]
ODDS = MATRIX.model_copy(update={"unit": "odds ratio", "centre": 1.0})


@pytest.mark.parametrize(
    ("estimate", "strength"), [(0.05, 50), (-0.05, -50), (0.1, 100), (0.5, 100), (0.0, 0), (None, 0)]
)
def test_colour_is_full_at_the_limit(estimate: float | None, strength: int) -> None:
    assert Scale("fraction", 0.1).strength(MATRIX, Cell(estimate=estimate), "math") == strength


def test_odds_ratios_are_coloured_by_their_logarithm() -> None:
    up, down = (distance_from_centre(ODDS, Cell(estimate=each), "math") for each in (2.0, 0.5))
    assert up == pytest.approx(-(down or 0.0))
    assert distance_from_centre(ODDS, Cell(estimate=0.0), "math") is None


def test_what_is_so_by_definition_is_not_coloured() -> None:
    assert distance_from_centre(MATRIX, Cell(estimate=0.3, low=0.3, high=0.3), "math") is None
    assert distance_from_centre(MATRIX.model_copy(update={"centre": None}), Cell(estimate=0.3), "math") is None


def test_a_scale_is_wide_enough_for_its_unit_and_no_wilder_than_the_last_limit() -> None:
    wild = MATRIX.model_copy(update={"cells": {"math": {"math": Cell(estimate=40.0)}}})
    assert scales([wild])["fraction"].limit == NICE_LIMITS[-1]
    small = MATRIX.model_copy(update={"cells": {"math": {"math": Cell(estimate=-0.012), "x": Cell()}}})
    assert scales([small])["fraction"].limit == 0.02
