"""The course of runs as tables of the report."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import (
    AnalysisResult,
    Cell,
    Course,
    DamageOnset,
    GainsAtStep,
    LaterCourse,
    StepsToTarget,
)
from xdomain.report.course import course_sections
from xdomain.report.markdown import render_markdown

FALL = LaterCourse(
    run="math -> science",
    domain="math",
    since="math",
    checkpoints=4,
    lowest=Cell(estimate=-0.2, low=-0.3, high=-0.1),
    lowest_step=70,
    window=3,
    lowest_window=Cell(estimate=-0.15, low=-0.25, high=-0.05),
    end=Cell(estimate=-0.1, low=-0.2, high=0.0),
    onset=DamageOnset(after=60, by=70, low=50, high=80),
)
STEADY = FALL.model_copy(update={"lowest": Cell(estimate=-0.01, low=-0.1, high=0.1), "onset": None})


def with_course(**parts: object) -> AnalysisResult:
    return example_result(3, 1).model_copy(update={"course": Course.model_validate(parts)})


def test_only_shown_falls_have_a_row() -> None:
    (section,) = course_sections(with_course(later=(STEADY, FALL)))
    (table,) = section.tables
    assert table.rows == (
        (
            "math -> science",
            "math",
            "math",
            "−20.0 [−30.0, −10.0]",
            "70",
            "−15.0 [−25.0, −5.0]",
            "−10.0 [−20.0, 0.0]",
            "50 and 80",
        ),
    )
    assert "A fall is shown for 1 pair of run and domain out of 2" in section.meaning


def test_targets_and_gains_have_tables() -> None:
    cell = Cell(estimate=0.3, low=0.1, high=0.5)
    gain = GainsAtStep(run="math", step=10, inside=cell, outside=Cell(note="not measured"))
    found = with_course(
        steps_to_target=(
            StepsToTarget(run="math", domain="math", target="math", step=40),
            StepsToTarget(run="science -> math", domain="math", target="math", step=1200, earliest=10),
        ),
        gains=(gain, gain.model_copy(update={"step": 20}), gain.model_copy(update={"run": "logic"})),
    )
    (section,) = course_sections(found)
    targets, gains = section.tables
    assert targets.rows == (("science -> math", "math", "1,200", "10", "not reached"),)
    assert [row[:2] for row in gains.rows] == [("math", "10"), ("math", "20")]
    assert gains.rows[0][3] == "not measured"
    assert "The course of training" in render_markdown(found)


def test_nothing_to_say_is_no_section() -> None:
    assert course_sections(with_course()) == []
    assert course_sections(with_course(later=(STEADY,))) == []
