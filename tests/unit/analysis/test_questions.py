"""Answers to one question: effects by size, what is left open where none is shown, and what was not tested."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.questions import QUESTIONS, Place, answer
from xdomain.analysis.result import Cell, Finding

RESULT = example_result(4, 3).model_copy(update={"effort": {}})
BY_NAME = {question.name: question for question in QUESTIONS}


def cell(estimate: float, word: str = "gain", half: float = 0.01, **more: object) -> Cell:
    fields = {"p_adjusted": 0.01, "compares": ("a -> b", "b -> a")} | more
    return Cell(estimate=estimate, low=estimate - half, high=estimate + half, word=word, **fields)


def answered(name: str, *cells: Cell, margin: float | None = None) -> Finding:
    places = [Place(f"row {number}", "math", each) for number, each in enumerate(cells)]
    meta = RESULT.meta.model_copy(update={"margin": margin})
    return answer(BY_NAME[name], places, RESULT.model_copy(update={"meta": meta}))


def test_the_largest_effects_are_named_first_and_the_rest_is_counted() -> None:
    found = answered("order", cell(0.02), cell(-0.08, "loss"), cell(0.05), cell(0.03))
    assert found.sentence == (
        "An order effect is shown in 4 of 4 comparisons, largest first: b -> a beats a -> b on math by 8.0 points "
        "[7.0, 9.0]; a -> b beats b -> a on math by 5.0 points [4.0, 6.0]; a -> b beats b -> a on math by 3.0 points "
        "[2.0, 4.0]; and 1 more."
    )
    assert (found.shown, found.tested, len(found.details)) == (4, 4, 4)


def test_gains_and_losses_are_counted_where_they_are_good_and_bad_news() -> None:
    found = answered("transfer", cell(0.02), cell(-0.08, "loss"), cell(0.0, "no effect shown"))
    assert found.sentence.startswith("Transfer to another domain is shown in 2 of 3 comparisons (1 gain, 1 loss), ")
    assert found.details[0] == "Training on row 1 lowers math by 8.0 points [7.0, 9.0]."
    assert found.details[2] == (
        "Transfer: none shown in the other 1 comparison; effects up to 1.0 points are not ruled out."
    )


def test_none_shown_says_of_how_many_and_what_is_not_ruled_out() -> None:
    quiet = [cell(0.0, "no effect shown", 0.01 * number) for number in range(1, 25)]
    assert answered("order", *quiet).sentence == (
        "Order effect: none shown in 24 of 24 comparisons; effects up to 24.0 points are not ruled out."
    )


@pytest.mark.parametrize(("half", "words"), [(1.0, "some intervals rule out no size of effects"), (0.4, "up to 40.0")])
def test_an_interval_that_tells_nothing_is_called_so(half: float, words: str) -> None:
    assert words in answered("order", cell(0.0, "no effect shown", half)).sentence


def test_an_interval_that_leaves_out_0_taken_alone_is_a_detail() -> None:
    found = answered("retention", cell(-0.042, "no effect shown", 0.03, p_adjusted=0.22))
    assert found.details == (
        "The unadjusted interval of retention(row 0) on math excludes 0: −4.2 points [−7.2, −1.2]; adjusted p 0.22.",
    )


def test_cells_without_a_number_or_a_test_are_counted() -> None:
    untested = Cell(estimate=0.1, low=0.0, high=0.2)
    found = answered("retention", cell(0.0, "no effect shown"), Cell(note="failed"), untested)
    assert found.sentence.endswith("; 1 more is not measured; 1 more is not tested.")
    assert found.tested == 1


def test_nothing_tested_says_why() -> None:
    assert answered("mixture", Cell(note="not measured: no seed")).sentence == (
        "Mixture: nothing was tested (not measured: no seed)."
    )


def test_equivalence_within_the_margin_is_counted() -> None:
    cells = [cell(0.0, "no effect shown", equivalent=True), cell(0.0, "no effect shown", equivalent=False)]
    assert answered("transfer", *cells, margin=0.02).sentence.endswith(
        "; 1 of 2 comparisons are equivalent within 2 points."
    )


def test_transfer_leaves_out_the_own_domain() -> None:
    places = BY_NAME["transfer"].places(RESULT.matrices["transfer"])
    assert {place.row == place.column for place in places} == {False}
    assert BY_NAME["order"].places(None) == []
