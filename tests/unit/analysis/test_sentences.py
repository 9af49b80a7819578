"""The order and the words of the findings: what is shown first, and what "no effect shown" leaves open."""

from tests.support.report_example import example_result, with_matrices
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.sentences import sentences


def filled(matrix: Matrix, **cells: Cell) -> Matrix:
    return matrix.model_copy(update={"rows": ("logic, puzzle",), "cells": {"logic, puzzle": cells}})


def test_effects_that_are_shown_come_before_those_that_are_not_and_before_sets():
    found = sentences(example_result(4, 3))
    verbs = (
        " raises ",
        " lowers ",
        " beats ",
        " higher on ",
        " lower on ",
        " is beaten ",
        " lower than ",
        " higher than ",
    )
    quiet = [place for place, text in enumerate(found) if text.startswith("No effect is shown in")]
    shown = [place for place, text in enumerate(found) if any(verb in text.partition(",")[0] for verb in verbs)]
    assert quiet
    assert [place for place in shown if place > min(quiet)] == []
    assert min(place for place, text in enumerate(found) if "not beaten are" in text) > max(quiet)


def test_order_effects_that_are_not_shown_share_one_sentence_that_names_what_alone_would_count():
    alone = Cell(estimate=-0.042, low=-0.073, high=-0.011, p=0.01, p_adjusted=0.22, word="no effect shown")
    inside = Cell(estimate=0.01, low=-0.02, high=0.04, p=0.5, p_adjusted=0.8, word="no effect shown")
    result = example_result(4, 3)
    order = filled(result.matrices["order_effect"], logic=alone, puzzle=inside, math=inside)
    found = [text for text in sentences(with_matrices(result, order)) if "order effect" in text]
    assert found == [
        "No effect is shown in 3 of 3 cells of order effect; effects up to 7.3 points are not ruled out; taken alone, "
        "0 lies outside order(logic, puzzle) on logic [-7.3, -1.1] (adjusted p 0.22)."
    ]


def test_a_long_list_of_such_intervals_is_counted():
    cells = {
        name: Cell(estimate=0.04, low=0.01, high=0.07, p=0.03, p_adjusted=p / 10, word="no effect shown")
        for name, p in zip("abcde", (5, 4, 3, 2, 1), strict=True)
    }
    result = example_result(4, 3)
    changed = with_matrices(result, filled(result.matrices["order_effect"], **cells))
    (text,) = [text for text in sentences(changed) if "order effect" in text]
    assert "0 lies outside order(logic, puzzle) on e [1.0, 7.0] (adjusted p 0.1)" in text
    assert text.endswith("2 more.")
