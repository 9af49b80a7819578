"""Figures draw what the HTML page lays out: the same points, ticks, labels, colours and dashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.report_example import example_result
from xdomain.report.curves import Panel, panels
from xdomain.report.drawing import LINE_UNITS, curves_figure, save, settings
from xdomain.report.html import render_html
from xdomain.report.palette import page_palette

PALETTE = page_palette()


@pytest.fixture(scope="module")
def sequences() -> list[Panel]:
    return panels(example_result())[0]


def test_the_points_of_a_curve_are_those_of_the_page(sequences: list[Panel]) -> None:
    figure = curves_figure(sequences, example_result().meta.domains, "caption")
    page = render_html(example_result())
    for axes, panel in zip(figure.axes, sequences, strict=True):
        drawn = [line for line in axes.get_lines() if line.get_marker() == "o"]
        assert [line.get_xydata().tolist() for line in drawn] == [
            [[dot.x, dot.y] for dot in line.dots] for line in panel.lines
        ]
        assert [line.get_color() for line in drawn] == [PALETTE.series(line.colour) for line in panel.lines]
        for line in panel.lines:
            assert f'points="{line.path}"' in page
            assert f'points="{line.band}"' in page
        texts = {text.get_text() for text in axes.texts}
        assert texts >= {text for _, text in (*panel.x_ticks, *panel.y_ticks)} | {line.label for line in panel.lines}
        assert texts >= {"optimizer steps", "accuracy, percent"}


def test_bands_reach_from_the_lower_to_the_upper_ends(sequences: list[Panel]) -> None:
    figure = curves_figure(sequences, example_result().meta.domains, "caption")
    for axes, panel in zip(figure.axes, sequences, strict=True):
        bands = [patch.get_xy()[:-1].tolist() for patch in axes.patches if patch.get_alpha() == 0.13]
        assert bands == [[list(corner) for corner in line.outline] for line in panel.lines]


def test_the_file_has_the_pages_dashes_and_the_caption(sequences: list[Panel], tmp_path: Path) -> None:
    with settings():
        save(curves_figure(sequences, ("math", "science", "logic"), "costs $5"), tmp_path / "curves.svg", "svg")
    text = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "costs $5" in text
    styles = re.findall(r'style="([^"]*)"', text)
    for number in (1, 2, 3):
        own = [
            style for style in styles if f"stroke: {PALETTE.series(number)}" in style and "stroke-width: 1.2" in style
        ]
        assert own
        assert all(("stroke-dasharray" in style) is bool(PALETTE.dashes[number]) for style in own)
    width = 72 * LINE_UNITS / 105
    stroke, gap = (length / LINE_UNITS * width for length in PALETTE.dashes[2])
    found = re.search(rf"stroke-dasharray: ([\d.]+),([\d.]+)[^\"]*stroke: {PALETTE.series(2)}", text)
    assert found is not None
    assert [float(part) for part in found.groups()] == pytest.approx([stroke, gap], rel=1e-3)
