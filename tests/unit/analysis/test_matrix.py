"""Matrices and their cells."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.analysis.matrix import OPPOSITE, Cell, Matrix

CELL = Cell(estimate=0.1, low=0.05, high=0.2, p=0.01, word="gain", compares=("a", "b"), speaks_of="the recipe")


def matrix(**changes: Any) -> Matrix:
    cells = {"a": {"x": CELL, "y": Cell(note="lost")}, "b": {"x": Cell(estimate=-0.2, speaks_of="these checkpoints")}}
    fields = {"name": "m", "title": "M", "definition": "d", "source": "ours", "row_meaning": "run", "cells": cells}
    return Matrix.model_validate(fields | {"rows": ("a", "b"), "columns": ("x", "y")} | changes)


def test_the_sides_of_a_comparison_can_be_exchanged() -> None:
    turned = CELL.negated()
    assert (turned.estimate, turned.low, turned.high) == (-0.1, -0.2, -0.05)
    assert (turned.word, turned.compares, turned.p) == ("loss", ("b", "a"), 0.01)
    assert turned.negated() == CELL
    assert all(OPPOSITE[other] == word for word, other in OPPOSITE.items())
    assert Cell(note="lost").negated().estimate is None


def test_what_is_undefined_and_what_was_not_measured() -> None:
    found = matrix()
    assert found.cell("a", "x") == CELL
    assert found.cell("b", "y") is None
    lost = found.cell("a", "y")
    assert lost is not None
    assert lost.note == "lost"


def test_a_frame_of_estimates_has_the_shape_of_the_matrix() -> None:
    frame = matrix().frame()
    assert frame.index.name == "run"
    assert frame["x"].tolist() == [0.1, -0.2]
    assert frame["y"].isna().all()


def test_a_frame_of_intervals_has_a_row_per_defined_cell() -> None:
    frame = matrix().frame(intervals=True)
    assert list(zip(frame["row"], frame["column"], strict=True)) == [("a", "x"), ("a", "y"), ("b", "x")]
    assert frame["low"].tolist()[0] == 0.05
    assert list(matrix(cells={}).frame(intervals=True).columns[:3]) == ["row", "column", "estimate"]


def test_cells_that_speak_of_less_than_the_matrix_are_exceptions() -> None:
    assert matrix(speaks_of="the recipe").has_exceptions
    assert not matrix().has_exceptions
    assert not matrix(speaks_of="the recipe").is_exception(Cell(note="lost"))


def test_how_columns_are_read() -> None:
    found = matrix(column_directions={"y": "harm"})
    assert (found.direction_of("x"), found.direction_of("y")) == ("difference", "harm")
    assert matrix(centre=None).direction_of("y") == "level"


@pytest.mark.parametrize(
    ("changes", "has"),
    [({}, True), ({"unit": "ratio"}, False), ({"centre": None}, False), ({"column_meaning": "metric"}, False)],
)
def test_a_margin_applies_to_differences_of_accuracies(changes: dict[str, Any], has: bool) -> None:
    assert matrix(**changes).has_margin is has


def test_results_carry_no_nan_and_no_unknown_key() -> None:
    with pytest.raises(ValidationError):
        Cell(estimate=math.nan)
    with pytest.raises(ValidationError):
        Cell.model_validate({"estimat": 0.1})
    assert Matrix.model_validate(json.loads(matrix().model_dump_json())) == matrix()
