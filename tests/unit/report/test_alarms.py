"""Alarms as a table of the report."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import AlarmLook, AnalysisResult, MonitoredDomain, RaisedAlarm
from xdomain.report.alarms import HEADER, alarm_sections
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.markdown import render_markdown

LOOKS = tuple(AlarmLook(step=step, accuracy=level) for step, level in ((0, 0.5), (10, 0.31), (20, 0.4)))
QUIET = MonitoredDomain(
    run="math", seed=0, domain="logic", method="sign-flip", items=100, detectable_drop=0.14, discordant=0.2, looks=LOOKS
)
ALARM = RaisedAlarm(step=10, change=-0.19, p=0.0003, onset_after=0, onset_by=10, onset_low=0, onset_high=20)
RAISED = QUIET.model_copy(update={"domain": "science", "alarm": ALARM})


def with_alarms(*alarms: MonitoredDomain) -> AnalysisResult:
    return example_result(3, 1).model_copy(update={"alarms": alarms})


def test_a_row_says_when_and_how_much_and_what_would_be_found() -> None:
    (section,) = alarm_sections(with_alarms(QUIET, RAISED))
    assert section.meaning.startswith("1 alarm in 1 stage.")
    (table,) = section.tables
    quiet, raised = table.rows
    assert quiet == ("math, seed 0", "logic", "none", "", "", "", "50.0, 31.0, 40.0", "20%", "14.0")
    assert raised == ("math, seed 0", "science", "step 10", "−19.0", "0.0003", "0 and 20", *quiet[6:])
    assert len(HEADER) == len(raised)


def test_nothing_monitored_is_no_section() -> None:
    assert alarm_sections(with_alarms()) == []


def test_an_item_without_any_score_leaves_the_curve_empty() -> None:
    blank = QUIET.model_copy(update={"looks": (AlarmLook(step=0, accuracy=None),)})
    assert alarm_sections(with_alarms(blank))[0].tables[0].rows[0][6] == ""


def test_every_format_shows_it() -> None:
    result = with_alarms(QUIET, RAISED)
    assert "Interference during training" in render_markdown(result)
    assert "Interference during training" in render_html(result)
    assert "Interference during training" in render_latex(result)


def test_planned_refreshes_have_a_column() -> None:
    needed = RAISED.model_copy(update={"refresh": "needed"})
    (section,) = alarm_sections(with_alarms(QUIET.model_copy(update={"refresh": "not needed"}), needed))
    assert "Of 2 optional refresh stages, alarms called for 1; the others are not needed." in section.meaning
    assert [row[-1] for row in section.tables[0].rows] == ["not needed", "needed"]
    assert section.tables[0].header[-1] == "refresh"
