"""Attributions as bars."""

from __future__ import annotations

import random

from tests.support.diagnosis_example import example_diagnoses, example_effect
from tests.support.report_example import example_result
from xdomain.analysis.result import Diagnoses
from xdomain.report.attribution_bars import LAYOUT, bar_charts
from xdomain.report.diagnosis_words import SHOWN
from xdomain.report.html import render_html

FOUND = example_diagnoses()


def test_the_most_damaged_domain_and_module_come_first() -> None:
    charts = bar_charts(FOUND)
    effects = [(effect, stage.run) for stage in FOUND.stages for effect in stage.effects]
    worst, run = min(effects, key=lambda each: each[0].attribution.change)
    assert charts[0].title == f"{worst.domain} after {run}"
    assert charts[0].bars[0].label == min(worst.attribution.modules, key=lambda each: each.score).module.label
    assert all(len(chart.bars) == SHOWN for chart in charts)


def test_bars_begin_at_zero_and_stay_inside() -> None:
    for chart in bar_charts(FOUND):
        for bar in chart.bars:
            ends = {bar.x, round(bar.x + bar.width, 1)}
            assert min(abs(end - chart.zero_x) for end in ends) < 0.2
            assert LAYOUT.left <= bar.x <= bar.x + bar.width <= LAYOUT.right + 0.2
            assert bar.reset_x is not None
            # a reset that gives 1.1 times the score lies outside the bar, on its side
            assert (bar.reset_x < bar.x) if bar.tone == "loss" else (bar.reset_x > bar.x + bar.width)


def test_a_chart_that_is_not_complete_says_so() -> None:
    first = FOUND.stages[0]
    modules = [each.module for each in first.edits.modules if each.module is not None]
    effect = example_effect(first.edits.stage, "math", modules, random.Random(1), complete=False)
    found = Diagnoses(stages=(first.model_copy(update={"effects": (effect,)}),))
    (chart,) = bar_charts(found)
    assert not chart.usable
    assert "NOT complete, so do not use the scores" in chart.check
    page = render_html(example_result(3, 1).model_copy(update={"diagnoses": found}))
    assert 'class="curve unusable"' in page


def test_a_stage_without_effects_has_no_chart() -> None:
    assert bar_charts(Diagnoses(stages=tuple(each.model_copy(update={"effects": ()}) for each in FOUND.stages))) == []
