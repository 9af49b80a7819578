"""CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.report_example import HOSTILE, example_result
from xdomain.analysis.result import Cell
from xdomain.report.delimited import LONG_HEADER, _safe, long_csv, wide_csv


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_every_cell_is_one_line() -> None:
    result = example_result(3, 2)
    header, *lines = parsed(long_csv(result))
    assert tuple(header) == LONG_HEADER
    cells = sum(len(cells) for matrix in result.matrices.values() for cells in matrix.cells.values())
    assert len(lines) == cells + len(result.contrasts)
    assert {len(line) for line in lines} == {len(header)}


def test_a_wide_table_has_limits_beside_estimates() -> None:
    matrix = example_result(2, 1).matrices["transfer"]
    cells = {"math": {"math": Cell(estimate=0.5, low=0.25, high=0.75, speaks_of="the recipe"), "science": Cell()}}
    small = matrix.model_copy(update={"rows": ("math",), "columns": ("math", "science"), "cells": cells})
    header, line = parsed(wide_csv(small))
    assert header[1:4] == ["math", "math_low", "math_high"]
    assert line == ["math", "0.5", "0.25", "0.75", "", "", "", "the recipe"]


@pytest.mark.parametrize(
    ("value", "written"), [("=1+1", "'=1+1"), ("-5", "'-5"), ("@x", "'@x"), (-5, -5), ("a\nb", "a b"), (None, None)]
)
def test_no_cell_is_a_formula(value: object, written: object) -> None:
    assert _safe(value) == written


def test_hostile_text_stays_on_its_line() -> None:
    assert "\x1b" not in str(_safe(HOSTILE))
