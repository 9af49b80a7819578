"""CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from tests.support.report_example import HOSTILE, example_result, with_matrices
from xdomain.analysis.result import Cell
from xdomain.report.delimited import _safe, long_csv, long_header, wide_csv


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_every_cell_is_one_line() -> None:
    result = example_result(3, 2)
    header, *lines = parsed(long_csv(result))
    assert tuple(header) == long_header(2)
    assert len(set(header)) == len(header)
    cells = sum(len(cells) for matrix in result.matrices.values() for cells in matrix.cells.values())
    assert len(lines) == cells + len(result.contrasts)
    assert {len(line) for line in lines} == {len(header)}


def test_a_wide_table_has_limits_beside_estimates() -> None:
    matrix = example_result(2, 1).matrices["transfer"]
    cells = {"math": {"math": Cell(estimate=0.5, low=0.25, high=0.75, speaks_of="the recipe"), "science": Cell()}}
    small = matrix.model_copy(update={"rows": ("math",), "columns": ("math", "science"), "cells": cells})
    header, line = parsed(wide_csv(small))
    assert header[1:4] == ["math", "math.low", "math.high"]
    assert line == ["math", "0.5", "0.25", "0.75", "", "", "", "the recipe"]


TEXT = {
    "matrix", "unit", "row_meaning", "row", "column_meaning", "column", "conclusion", "speaks_of", "equivalent", "note",
    "caveat", "run", "against",
}  # fmt: skip


def test_every_column_that_is_not_text_is_numeric() -> None:
    frame = pd.read_csv(io.StringIO(long_csv(example_result(4, 3))), keep_default_na=True)
    texts = {name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])}
    assert texts <= TEXT
    assert {"steps", "steps_phase_2", "against_steps", "estimate", "wrong_share"} <= set(frame.columns) - texts


def test_runs_that_did_not_spend_the_same_have_no_common_amount() -> None:
    result = example_result(2, 1)
    cell = Cell(estimate=0.1, compares=("math", "science", "math -> science"))
    matrix = result.matrices["transfer"].model_copy(update={"rows": ("math",), "cells": {"math": {"math": cell}}})
    rows = csv.DictReader(io.StringIO(long_csv(with_matrices(result, matrix))))
    (row,) = [row for row in rows if row["matrix"] == "transfer"]
    assert (row["run"], row["against"], row["steps"]) == ("math", "science; math -> science", "120.0")
    assert row["against_steps"] == row["against_prompts"] == ""


@pytest.mark.parametrize(
    ("value", "written"), [("=1+1", "'=1+1"), ("-5", "'-5"), ("@x", "'@x"), (-5, -5), ("a\nb", "a b"), (None, None)]
)
def test_no_cell_is_a_formula(value: object, written: object) -> None:
    assert _safe(value) == written


def test_hostile_text_stays_on_its_line() -> None:
    assert "\x1b" not in str(_safe(HOSTILE))
