"""Cells of an observational study; tests/unit/analysis/test_pairs.py renders whole ones."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import Cell
from xdomain.report.pairs import cell_text, shown, value_text

MATRIX = example_result(2, 1).matrices["transfer"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell(estimate=0.051, low=0.02, high=0.082, p=0.001, p_adjusted=0.012), "+5.1 [2.0, 8.2] p 0.012"),
        (Cell(estimate=0.051, low=0.02, high=0.082), "+5.1 [2.0, 8.2]"),
        (Cell(note="not measured: no records"), "not measured"),
        (Cell(note="no item differs"), "not defined"),
    ],
)
def test_numbers_as_text(cell: Cell, text: str) -> None:
    assert value_text(MATRIX, cell) == text


def test_only_shown_effects_are_emphasised() -> None:
    cells = {"a": {"x": Cell(estimate=0.1, word="gain"), "y": Cell(estimate=0.1, word="no effect shown")}}
    matrix = MATRIX.model_copy(update={"cells": cells, "rows": ("a",), "columns": ("x", "y", "z")})

    def bold(cell: Cell, text: str) -> str:
        return f"<{text}>" if shown(cell) else text

    texts = [cell_text(matrix, "a", column, bold) for column in matrix.columns]
    assert [text.startswith("<") for text in texts] == [True, False, False]
    assert texts[2] == ""
