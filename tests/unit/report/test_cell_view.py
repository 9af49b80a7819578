"""One cell made ready to show."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import Cell, Matrix
from xdomain.report.cell_view import (
    NOT_RULED_OUT,
    NUMERATOR_NOT_SHOWN,
    blank_text,
    cell_interval,
    cell_state,
    cell_view,
    finding,
    leaves_out,
    value_text,
)

MATRIX: Matrix = example_result(2, 1).matrices["transfer"]


@pytest.mark.parametrize(
    ("cell", "centre", "state"),
    [
        (Cell(), 0.0, "missing"),
        (Cell(estimate=0.1, word="gain"), 0.0, "shown"),
        (Cell(estimate=0.1, word="no effect shown"), 0.0, "noise"),
        (Cell(estimate=0.1, low=0.05, high=0.2), 0.0, "untested"),
        (Cell(estimate=0.1, low=-0.05, high=0.2), 0.0, "noise"),
        (Cell(estimate=0.1), None, "untested"),
    ],
)
def test_states(cell: Cell, centre: float | None, state: str) -> None:
    assert cell_state(cell, centre) == state


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(note="not defined: one seed"), "not defined"),
        (Cell(note="2 of 3 seeds"), "not measured"),
        (Cell(estimate=0.1, low=-0.1, high=0.2), NOT_RULED_OUT),
        (Cell(estimate=0.1, low=0.05, high=0.2, word="gain"), "gain"),
        (
            Cell(estimate=0.1, low=0.05, high=0.2, word="no effect shown"),
            "no effect shown after adjustment; the unadjusted interval excludes 0",
        ),
    ],
)
def test_findings_in_words(cell: Cell, words: str) -> None:
    matrix = MATRIX.model_copy(update={"speaks_of": None})
    assert finding(matrix, cell, "math")[1] == words


def test_a_ratio_needs_an_effect_in_its_numerator() -> None:
    cell = Cell(estimate=2.0, low=1.5, high=2.5)
    assert finding(MATRIX, cell, "math", Cell(estimate=0.0, word="no effect shown")) == ("noise", NUMERATOR_NOT_SHOWN)


def test_texts_of_numbers() -> None:
    assert value_text(MATRIX, Cell(estimate=0.05), "math") == "+5.0"
    ratio = MATRIX.model_copy(update={"unit": "ratio", "centre": 1.0})
    assert cell_interval(ratio, Cell(estimate=2.0)) == "unbounded"
    assert cell_interval(MATRIX, Cell(estimate=0.1)) == "no interval"
    assert blank_text(Cell(note="x")) == "not measured"
    assert leaves_out(Cell(low=0.1), 0.0)
    assert not leaves_out(Cell(low=-0.1, high=0.1), 0.0)


def test_a_view_names_its_place_and_notes() -> None:
    cell = Cell(estimate=0.05, low=0.01, high=0.09, n_items=1200, word="gain", note="a", caveat="b", equivalent=True)
    matrix = MATRIX.model_copy(update={"margin": 0.1, "speaks_of": None})
    view = cell_view(matrix, cell, "math", "science", effort={}, anchor="x", scale=None, command="c")
    assert view.name == f"{matrix.title}: math on science"
    assert (view.n_items, view.note, view.equivalent) == ("1,200", "a; b", "equivalent within 10 points")
    assert view.tone == "none"
