"""Repairs as tables of the report."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import AnalysisResult, Cell, Recovery, RepairPoint
from xdomain.report.cures import HEADER, cures_sections, dose_text, share_of
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.markdown import render_markdown

HALF = RepairPoint(
    repair="interpolation",
    dose=0.5,
    run="merge(0.5*math, 0.5*(math -> science))",
    recovered=Cell(estimate=0.61, low=0.4, high=0.83),
    kept=Cell(estimate=-0.02, note="unbounded: the denominator's interval contains 0"),
)
RETURN = HALF.model_copy(update={"repair": "refresh", "dose": 20.0, "run": "math -> science -> math@20"})
FOUND = Recovery(damaged="math -> science", parent="math", domain="math", skill="science", points=(HALF, RETURN))


def with_recoveries(*found: Recovery) -> AnalysisResult:
    return example_result(3, 1).model_copy(update={"recoveries": found})


def test_a_row_per_dose() -> None:
    (section,) = cures_sections(with_recoveries(FOUND))
    (table,) = section.tables
    assert table.title == "math after math -> science, which learned science"
    assert table.rows[0] == (
        "interpolation", "0.5", "61% [40, 83]", "−2% (unbounded: the denominator's interval contains 0)", HALF.run,
    )  # fmt: skip
    assert len(HEADER) == len(table.rows[0])
    assert dose_text(RETURN) == "20 steps"


def test_a_missing_share_gives_its_reason() -> None:
    assert share_of(Cell(note="not measured")) == "not measured"


def test_no_repair_is_no_section() -> None:
    assert cures_sections(with_recoveries()) == []


def test_every_format_shows_it() -> None:
    result = with_recoveries(FOUND)
    for page in (render_markdown(result), render_html(result), render_latex(result)):
        assert "Cures of interference" in page
