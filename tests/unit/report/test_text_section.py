"""Sections that consist of tables of text."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.report.strategies import strategy_sections
from xdomain.report.text_section import TextSection, TextTable


def test_sections_of_reports_are_text_with_one_heading_per_column() -> None:
    for section in strategy_sections(example_result(3, 2)):
        assert isinstance(section, TextSection)
        for table in section.tables:
            assert isinstance(table, TextTable)
            assert {len(row) for row in table.rows} == {len(table.header)}
