"""Which matrices a report shows."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import Cell
from xdomain.report.layout import (
    definition,
    equivalent_words,
    family,
    further_matrices,
    main_matrices,
    source,
    unmeasured,
)


def test_sections_share_no_matrix_and_leave_out_what_is_empty() -> None:
    result = example_result(3, 2)
    main, further = ({matrix.name for matrix in found} for found in (main_matrices(result), further_matrices(result)))
    assert main
    assert main.isdisjoint(further)
    nothing = example_result(3, 2, measured=False)
    assert main_matrices(nothing) == further_matrices(nothing) == []
    assert {title for title, _ in unmeasured(nothing)} >= {matrix.title for matrix in main_matrices(result)}


def test_a_definition_ends_and_says_what_the_mark_means() -> None:
    matrix = (
        example_result(2, 1).matrices["transfer"].model_copy(update={"definition": "R[A] - R[base]", "margin": None})
    )
    assert definition(matrix) == "R[A] - R[base]."
    cells = {"a": {"b": Cell(estimate=0.0, equivalent=True), "c": Cell(estimate=0.1, equivalent=False), "d": Cell()}}
    tested = matrix.model_copy(update={"margin": 0.02, "cells": cells})
    assert definition(tested).endswith(
        "≈: equivalent within 2 points (two one-sided tests at 5%, adjusted as p is), 1 of 2 cells."
    )
    assert equivalent_words(0.025) == "equivalent within 2.5 points"


def test_sources_and_families() -> None:
    matrix = example_result(2, 1).matrices["transfer"]
    assert source(matrix.model_copy(update={"source": "GEM, 1706.08840, eq. 2"})) == "GEM, arXiv:1706.08840, eq. 2"
    assert source(matrix.model_copy(update={"source": "arXiv:1706.08840"})) == "arXiv:1706.08840"
    assert family(matrix.model_copy(update={"family": "not tested"})) == ""
