"""Sections of tables, in reading order."""

from __future__ import annotations

from tests.support.report_example import example_result
from tests.unit.report.test_alarms import QUIET
from xdomain.report.sections import table_sections


def test_alarms_come_before_the_cost_of_strategies() -> None:
    result = example_result(3, 2)
    assert [section.name for section in table_sections(result)] == ["strategies", "gradients"]
    monitored = result.model_copy(update={"alarms": (QUIET,)})
    assert [section.name for section in table_sections(monitored)] == ["interference", "strategies", "gradients"]
