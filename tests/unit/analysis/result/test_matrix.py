"""Matrices as data frames, and cells read from the other side."""

from __future__ import annotations

import math

from xdomain.analysis.result import Cell, Matrix

CELL = Cell(estimate=0.1, low=-0.05, high=0.25, word="gain", compares=("a", "b"))
MATRIX = Matrix(
    name="m",
    title="M",
    definition="",
    source="ours",
    row_meaning="run",
    column_directions={"lost": "harm"},
    rows=("a", "b"),
    columns=("math", "lost"),
    cells={"a": {"math": CELL, "lost": Cell(note="not measured")}, "b": {"lost": CELL}},
)


def test_a_frame_has_the_shape_of_the_matrix():
    frame = MATRIX.frame()
    assert (list(frame.index), list(frame.columns), frame.index.name) == (["a", "b"], ["math", "lost"], "run")
    assert frame.loc["a", "math"] == 0.1
    assert math.isnan(frame.loc["b", "math"])
    assert math.isnan(frame.loc["a", "lost"])


def test_a_long_frame_has_a_row_per_defined_cell():
    frame = MATRIX.frame(intervals=True)
    assert list(zip(frame["row"], frame["column"], strict=True)) == [("a", "math"), ("a", "lost"), ("b", "lost")]
    assert (frame.loc[0, "low"], frame.loc[0, "high"]) == (-0.05, 0.25)
    assert list(Matrix.model_validate(MATRIX.model_dump() | {"cells": {}}).frame(intervals=True)["row"]) == []


def test_a_negated_cell_is_the_comparison_from_the_other_side():
    turned = CELL.negated()
    assert (turned.estimate, turned.low, turned.high) == (-0.1, -0.25, 0.05)
    assert (turned.word, turned.compares) == ("loss", ("b", "a"))
    assert turned.negated() == CELL


def test_a_column_may_be_read_otherwise_and_a_level_has_no_direction():
    assert (MATRIX.direction_of("math"), MATRIX.direction_of("lost")) == ("difference", "harm")
    assert MATRIX.model_copy(update={"centre": None}).direction_of("lost") == "level"
