"""What a heat map shows of a matrix: squares of pairs, colours, and the state of every cell."""

import pytest

from tests.support.report_example import example_result, with_matrices
from xdomain.analysis.result import Cell
from xdomain.report.cell_view import cell_state, finding, value_text
from xdomain.report.colour import scales
from xdomain.report.heatmap import heat_map
from xdomain.report.layout import main_matrices


def drawn(name, result=None):
    result = result or example_result(4, 3)
    matrix = result.matrices[name]
    return heat_map(result, matrix, scales([matrix])[matrix.unit], report_command="xdomain report x")


@pytest.mark.parametrize("name", ["retention", "plasticity"])
def test_pairs_are_drawn_as_a_square_and_every_cell_is_in_its_place(name):
    (picture,) = drawn(name).pictures
    assert picture.columns == ("math", "science", "logic", "puzzle")
    for kept, views in picture.rows:
        for other, view in zip(picture.columns, views, strict=True):
            if kept == other:
                assert view is None
                continue
            assert view.column == kept
            assert view.row == (f"{kept} -> {other}" if name == "retention" else f"{other} -> {kept}")


def test_longer_curricula_stand_in_a_list_below_the_square():
    result = example_result(3, 1)
    retention = result.matrices["retention"]
    cells = dict(retention.cells) | {
        "math -> science -> logic": {"math": Cell(estimate=0.1), "science": Cell(estimate=0.2)}
    }
    longer = retention.model_copy(update={"cells": cells, "rows": tuple(cells)})
    square, listed = drawn("retention", with_matrices(result, longer)).pictures
    assert len(square.rows) == 3
    assert [label for label, _ in listed.rows] == ["math -> science -> logic"]
    assert [view.value if view else None for view in listed.rows[0][1]] == ["+10.0", "+20.0", None]


def test_no_cell_is_lost_or_drawn_twice():
    result = example_result(4, 3)
    for matrix in result.matrices.values():
        heat = heat_map(result, matrix, None, report_command="x")
        placed = [view.anchor for picture in heat.pictures for _, views in picture.rows for view in views if view]
        assert sorted(placed) == sorted(view.anchor for view in heat.cells), matrix.name
        assert len(heat.cells) == sum(map(len, matrix.cells.values())), matrix.name


def test_colour_follows_the_sign_and_one_scale_serves_all_main_matrices_of_a_unit():
    result = example_result(4, 3)
    limits = scales(main_matrices(result))
    largest = max(
        abs(cell.estimate)
        for matrix in main_matrices(result)
        if matrix.unit == "fraction"
        for cells in matrix.cells.values()
        for cell in cells.values()
        if cell.estimate is not None
    )
    assert largest <= limits["fraction"].limit
    for view in heat_map(result, result.matrices["transfer"], limits["fraction"], report_command="x").cells:
        if view.shade:
            assert view.tone == ("loss" if view.value.startswith("−") else "gain")
            assert view.shade <= 100


def test_a_size_has_neither_sign_nor_direction():
    for view in drawn("order_sensitivity").cells:
        assert not view.value.startswith("+")
        assert view.tone in {"size", "none"}


def test_where_more_is_worse_the_colour_turns_and_gain_is_not_said():
    result = example_result(3, 1)
    sequence = result.matrices["sequence"]
    cell = Cell(estimate=0.1, low=0.05, high=0.15, p=0.001, p_adjusted=0.002, word="gain")
    forgetting = sequence.model_copy(update={"cells": {"math -> science": {"forgetting": cell, "ACC": cell}}})
    (forgot, level) = drawn("sequence", with_matrices(result, forgetting)).cells[::-1]
    assert (forgot.tone, forgot.word) == ("loss", "effect shown")
    assert (level.tone, level.value) == ("none", "10.0")


def test_the_state_follows_the_word_of_the_analysis_and_nothing_else():
    assert cell_state(Cell()) == "missing"
    assert cell_state(Cell(estimate=0.5)) == "untested"
    assert cell_state(Cell(estimate=0.5, low=0.4, high=0.6, word="no effect shown")) == "noise"
    assert cell_state(Cell(estimate=0.5, word="gain")) == "shown"


def test_without_a_test_an_interval_that_holds_no_effect_or_has_no_end_is_noise():
    assert cell_state(Cell(estimate=0.5, low=-0.1, high=1.1), 0.0) == "noise"
    assert cell_state(Cell(estimate=0.5), 0.0) == "noise"
    assert cell_state(Cell(estimate=0.5, low=0.1, high=1.1), 0.0) == "untested"
    assert cell_state(Cell(estimate=0.5, low=0.1), 0.0) == "untested"
    assert cell_state(Cell(estimate=0.5, low=0.1, high=0.9), 1.0) == "untested"
    ratio = example_result().matrices["relative_transfer"]
    assert finding(ratio, Cell(estimate=0.5), "math")[1] == "not tested; its interval includes no effect"


def test_words_are_those_of_the_analysis():
    assert finding(example_result().matrices["transfer"], Cell(estimate=0.5, word="loss"), "math")[1] == "loss"


def test_an_interval_that_leaves_out_zero_alone_but_not_among_many_says_both():
    cell = Cell(estimate=-0.042, low=-0.073, high=-0.011, p=0.01, p_adjusted=0.22, word="no effect shown")
    state, words = finding(example_result().matrices["order_effect"], cell, "math")
    assert state == "noise"
    assert words == "no effect shown after adjustment; the unadjusted interval excludes 0"


def test_relative_transfer_follows_the_word_of_its_numerator_and_its_diagonal_has_no_colour():
    result = example_result()
    numerators = {"science": Cell(estimate=0.02, word="no effect shown"), "logic": Cell(estimate=0.1, word="gain")}
    ratio = Cell(estimate=0.4, low=0.1, high=0.7)
    ratios = {"math": Cell(estimate=1.0, low=1.0, high=1.0), "science": ratio, "logic": ratio}
    changed = with_matrices(
        result,
        result.matrices["transfer"].model_copy(update={"rows": ("math",), "cells": {"math": numerators}}),
        result.matrices["relative_transfer"].model_copy(
            update={"rows": ("math",), "columns": tuple(ratios), "cells": {"math": ratios}, "centre": 0.0}
        ),
    )
    own, quiet, shown = drawn("relative_transfer", changed).cells
    assert (own.tone, own.state) == ("none", "untested")
    assert (quiet.tone, quiet.state) == ("gain", "noise")
    assert (shown.tone, shown.state) == ("gain", "untested")


def test_accuracies_carry_no_sign():
    accuracy = example_result().accuracy
    assert value_text(accuracy, Cell(estimate=0.632), "math") == "63.2"
