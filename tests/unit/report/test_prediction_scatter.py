"""Predicted against measured cells as a picture."""

from __future__ import annotations

from tests.unit.report.test_predictions import CELL, FOUND, SCORE, with_predictions
from xdomain.analysis.result import AnalysisResult, PredictedValue
from xdomain.report.html import render_html
from xdomain.report.prediction_scatter import LAYOUT, Scatter, scatters


def cell(second: str, predicted: float, measured: float | None, *, late: bool = False) -> PredictedValue:
    return CELL.model_copy(update={"second": second, "predicted": predicted, "measured": measured, "late": late})


def with_cells(*cells: PredictedValue, unit: str = SCORE.unit) -> AnalysisResult:
    score = SCORE.model_copy(update={"cells": cells, "unit": unit})
    return with_predictions(FOUND.model_copy(update={"scores": (score,)}))


def only(result: AnalysisResult) -> Scatter:
    (picture,) = scatters(result)
    return picture


def test_larger_predictions_are_further_right_and_larger_effects_higher() -> None:
    cells = (cell("logic", -0.1, -0.2), cell("science", 0.0, 0.1, late=True), cell("puzzle", 0.3, 0.05))
    picture = only(with_cells(*cells))
    assert [dot.number for dot in picture.dots] == [1, 2, 3]
    first, second, third = picture.dots
    assert first.x < second.x < third.x
    assert second.y < third.y < first.y
    assert [dot.late for dot in picture.dots] == [False, True, False]
    assert picture.dots[1].text == "retention(math -> science): predicted 0.0000, measured +10.0 (late)"
    assert picture.score == "rank correlation 0.66, p 0.042, 12 cells"
    assert third.y < (picture.zero_y or 0) < first.y
    assert [text for _, text in picture.x_ticks] == ["−0.1000", "0.1000", "0.3000"]
    assert [text for _, text in picture.y_ticks] == ["−20.0", "−5.0", "+10.0"]


def test_points_of_equal_predictions_and_effects_stay_inside() -> None:
    picture = only(with_cells(cell("logic", 0.1, 0.2), cell("science", 0.1, 0.2)))
    assert all(LAYOUT.left < dot.x < LAYOUT.right and LAYOUT.top < dot.y < LAYOUT.bottom for dot in picture.dots)


def test_a_predictor_of_accuracy_has_points() -> None:
    picture = only(with_cells(cell("logic", 0.1, 0.2), cell("science", -0.1, 0.2), unit="accuracy"))
    assert picture.x_title == "predicted, points"
    assert [text for _, text in picture.x_ticks] == ["−10.0", "0.0", "+10.0"]
    assert picture.zero_y is None


def test_fewer_than_two_measured_cells_are_no_picture() -> None:
    assert scatters(with_cells(cell("logic", 0.1, 0.2), cell("science", 0.1, None))) == []
    assert scatters(with_predictions(None)) == []


def test_the_page_has_a_point_per_cell_with_a_ring_if_it_is_late() -> None:
    result = with_cells(cell("logic", 0.1, 0.2), cell("science", 0.3, 0.4, late=True))
    page = render_html(result)
    first, second = only(result).dots
    assert f'<circle class="dot" cx="{first.x}" cy="{first.y}"' in page
    assert f'<circle class="reset" cx="{second.x}" cy="{second.y}"' in page
    assert "retention(math -&gt; science): predicted 0.3000, measured +40.0 (late)" in page
