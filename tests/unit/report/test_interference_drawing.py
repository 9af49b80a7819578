"""Figures on causes, cures and predictions draw what the HTML page lays out."""

from __future__ import annotations

import pytest

from tests.support.diagnosis_example import example_diagnoses
from tests.support.report_example import example_result
from tests.unit.report.test_cures import FOUND
from tests.unit.report.test_prediction_scatter import cell, only, with_cells
from xdomain.report.attribution_bars import bar_charts
from xdomain.report.drawing import PALETTE, tone_colour
from xdomain.report.interference_drawing import bars_figure, map_figure, recovery_figure, scatter_figure
from xdomain.report.module_map import module_maps
from xdomain.report.recovery_picture import recovery_pictures

DIAGNOSES = example_diagnoses()


def test_bars_and_rings_are_those_of_the_page() -> None:
    chart = bar_charts(DIAGNOSES)[0]
    (axes,) = bars_figure(chart, "caption").axes
    bars = [(patch.get_x(), patch.get_width()) for patch in axes.patches]
    assert bars == [pytest.approx((bar.x, bar.width)) for bar in chart.bars]
    rings = [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert rings == [bar.reset_x for bar in chart.bars if bar.reset_x is not None]
    texts = [text.get_text() for text in axes.texts]
    assert {bar.label for bar in chart.bars} <= set(texts)
    assert texts[-1] == f"{chart.check}\ncaption"


def test_squares_have_the_tone_and_the_shade_of_the_page() -> None:
    picture = module_maps(DIAGNOSES)[0]
    (axes,) = map_figure(picture, "caption").axes
    assert [patch.get_x() for patch in axes.patches] == [square.x for square in picture.squares]
    colours = [patch.get_facecolor() for patch in axes.patches]
    assert colours == [pytest.approx(tone_colour(square.tone, square.shade)) for square in picture.squares]
    assert {name for _, _, name in picture.rows} <= {text.get_text() for text in axes.texts}


def test_doses_and_ticks_are_those_of_the_page() -> None:
    (picture,) = recovery_pictures(example_result(3, 1).model_copy(update={"recoveries": (FOUND,)}))
    (axes,) = recovery_figure(picture, "caption").axes
    drawn = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [line.get_xydata().tolist() for line in drawn] == [
        [[dose.x, dose.y] for dose in line.doses] for line in picture.lines
    ]
    assert [line.get_color() for line in drawn] == [PALETTE.series(line.colour) for line in picture.lines]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [line.repair for line in picture.lines]
    assert {text for _, text in picture.x_ticks} <= {text.get_text() for text in axes.texts}


def test_late_cells_are_rings() -> None:
    picture = only(with_cells(cell("logic", -0.1, -0.2), cell("science", 0.3, 0.1, late=True)))
    (axes,) = scatter_figure(picture, "caption").axes
    drawn = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [line.get_xydata().tolist() for line in drawn] == [[[dot.x, dot.y]] for dot in picture.dots]
    assert [line.get_fillstyle() for line in drawn] == ["full", "none"]
    assert [picture.zero_y] * 2 in [list(line.get_ydata()) for line in axes.get_lines()]
    assert axes.texts[-1].get_text() == f"{picture.score}\ncaption"
