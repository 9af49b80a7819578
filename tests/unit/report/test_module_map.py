"""Pictures of the layers' scores and edits."""

from __future__ import annotations

import itertools

import pytest

from tests.support.diagnosis_example import example_diagnoses
from xdomain.analysis.result import Diagnoses
from xdomain.report.causes import block_scores
from xdomain.report.module_map import LAYOUT, module_maps

FOUND = example_diagnoses()


def test_a_square_per_module_with_the_sign_as_its_tone() -> None:
    scores, edits = module_maps(FOUND)
    assert len(scores.squares) == 4 * 8
    assert len(edits.squares) == 2 * 8
    rows = block_scores(FOUND)
    values = [value for row in rows.values() for value in row.values()]
    assert [square.tone for square in scores.squares] == ["loss" if value < 0 else "gain" for value in values]
    largest = max(range(len(values)), key=lambda place: abs(values[place]))
    assert scores.squares[largest].shade == max(square.shade for square in scores.squares) == 100
    assert {square.tone for square in edits.squares} == {"size"}
    assert "math: math, layer 0 attention: " in scores.squares[0].text


@pytest.mark.parametrize("layers", [1, 4, 30, 120])
def test_squares_do_not_overlap_and_stay_inside(layers: int) -> None:
    for found in module_maps(example_diagnoses(layers=layers)):
        places = sorted({square.x for square in found.squares})
        assert all(after - before >= found.cell - 0.11 for before, after in itertools.pairwise(places))
        assert places[0] == LAYOUT.left
        assert places[-1] + found.cell <= LAYOUT.width + 0.5
        numbers = [x for x, _ in found.layers]
        gaps = [after - before for before, after in itertools.pairwise(numbers)]
        assert min(gaps, default=LAYOUT.tick_gap) >= LAYOUT.tick_gap - 0.2


def test_long_names_are_cut_and_given_in_full() -> None:
    (first, *_) = module_maps(example_diagnoses(("a_very_long_domain -> another_very_long_domain",)))
    y, label, name = first.rows[0]
    assert label.endswith("…")
    assert name == "a_very_long_domain -> another_very_long_domain: math"
    assert y == LAYOUT.top


def test_nothing_stored_is_no_picture() -> None:
    assert module_maps(Diagnoses()) == []
    without = Diagnoses(stages=tuple(each.model_copy(update={"effects": ()}) for each in FOUND.stages))
    assert [each.title.split(" ")[0] for each in module_maps(without)] == ["Edits"]
