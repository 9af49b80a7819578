"""Intervals end at what is possible, and one that holds all of it says so."""

from __future__ import annotations

import re

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.estimands import own_estimands
from xdomain.analysis.possible import TELLS_NOTHING, cut
from xdomain.analysis.result import Cell

TEMPLATES = {estimand.name: estimand.template for estimand in own_estimands()}


@pytest.mark.parametrize(
    ("limits", "possible", "expected"),
    [((-0.028, 1.028), (-1.0, 1.0), (-0.028, 1.0)), ((-1.3, 0.2), (-1.0, 1.0), (-1.0, 0.2)),
     ((-0.1, 0.9), (0.0, 1.0), (0.0, 0.9)), ((-1.3, 1.7), None, (-1.3, 1.7)), ((-1.3, 1.7), (-2.0, 2.0), (-1.3, 1.7))],
)  # fmt: skip
def test_limits_end_at_what_is_possible(limits, possible, expected) -> None:
    found = cut(Cell(estimate=0.1, low=limits[0], high=limits[1]), possible)
    assert (found.low, found.high) == expected
    assert found.caveat == ""


def test_an_interval_of_all_that_is_possible_says_that_it_tells_nothing() -> None:
    found = cut(Cell(estimate=0.5, low=-5.0, high=6.0, caveat="1 of 2 seeds"))
    assert (found.low, found.high) == (-1.0, 1.0)
    assert found.caveat == f"1 of 2 seeds; {TELLS_NOTHING}"


@pytest.mark.parametrize("cell", [Cell(note="not measured"), Cell(estimate=0.5), Cell(estimate=1.5, low=1.2, high=1.8)])
def test_cells_without_an_interval_or_of_another_scale_stay(cell: Cell) -> None:
    assert cut(cell) == cell


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [("transfer", "math", (-1.0, 1.0)), ("accuracy", "math", (0.0, 1.0)), ("asymmetry", "math", (-2.0, 2.0)),
     ("order_sensitivity", "trained domains", (0.0, 1.0)), ("gained", "math", (0.0, 1.0)),
     ("sequence", "BWT", (-1.0, 1.0)), ("sequence", "ACC", (0.0, 1.0)), ("sequence", "relative change", None),
     ("relative_transfer", "math", None), ("asymmetry_logit", "math", None), ("odds_ratio", "math", None)],
)  # fmt: skip
def test_every_matrix_knows_what_is_possible(name, column, expected) -> None:
    assert TEMPLATES[name].possible(column) == expected


def test_no_report_on_two_items_holds_an_impossible_value() -> None:
    result = analyse(make_grid(("math", "science"), seeds=(0, 1), n_items=2, samples=1))
    n_cut = 0
    for matrix in result.matrices.values():
        for column in matrix.columns:
            possible = matrix.possible(column)
            for row in matrix.rows:
                cell = matrix.cell(row, column)
                if possible is None or cell is None or cell.low is None or cell.high is None:
                    continue
                assert possible[0] <= cell.low <= cell.high <= possible[1], (matrix.name, row, column)
                n_cut += TELLS_NOTHING in cell.caveat
    assert n_cut, "two items and two seeds tell nothing of some differences"
    assert not any(re.search(r"102\.\d", sentence) for sentence in result.sentences)
