"""Sections of the report that consist of tables."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult
from xdomain.report.alarms import alarm_sections
from xdomain.report.causes import causes_sections
from xdomain.report.course import course_sections
from xdomain.report.cures import cures_sections
from xdomain.report.predictions import prediction_sections
from xdomain.report.strategies import strategy_sections
from xdomain.report.text_section import TextSection


def table_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the sections on the course of runs, on interference and on strategies, in reading order."""
    return [
        *course_sections(result),
        *alarm_sections(result),
        *causes_sections(result),
        *cures_sections(result),
        *prediction_sections(result),
        *strategy_sections(result),
    ]
