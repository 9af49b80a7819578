"""Merges among the runs of a grid: rows of the matrices, and no part of what compares orders and mixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.read_result import read_result
from xdomain.analysis.result import AnalysisResult
from xdomain.report.write import write_report

MERGE = "merge(math, science)"
LATER = f"{MERGE} -> logic"
CURRICULA = (
    "math", "science", "logic", "math -> science", "science -> math", "math + science", MERGE, LATER,
)  # fmt: skip


@pytest.fixture(scope="module")
def result() -> AnalysisResult:
    contrasts = [f"change({MERGE}) on math", f"retention({LATER}) on science", f"change({LATER}) on logic"]
    return analyse(make_grid(curricula=CURRICULA, contrasts=contrasts, n_items=40, samples=2))


def test_merges_are_rows(result: AnalysisResult) -> None:
    assert {MERGE, LATER} <= set(result.accuracy.rows)
    assert {MERGE, LATER} <= set(result.matrices["change"].rows)
    cell = result.matrices["change"].cell(MERGE, "math")
    assert cell is not None
    assert cell.estimate is not None
    assert cell.estimate > 0, "the planted gain of both experts"


def test_a_phase_after_a_merge_is_compared_with_the_merge(result: AnalysisResult) -> None:
    assert result.effort[LATER].parent == MERGE
    retention = result.matrices["retention"]
    assert {domain for domain in ("math", "science", "logic") if retention.cell(LATER, domain)} == {"math", "science"}
    cell = retention.cell(LATER, "math")
    assert cell is not None
    assert set(cell.compares) == {LATER, MERGE}
    assert result.matrices["plasticity"].cell(LATER, "logic") is not None
    assert MERGE not in retention.rows


def test_a_merge_is_neither_a_mixture_nor_an_order(result: AnalysisResult) -> None:
    assert set(result.matrices["mix_gain"].rows) == {"math + science"}
    assert set(result.matrices["order_effect"].rows) == {"math, science"}


def test_contrasts_name_merges(result: AnalysisResult) -> None:
    found = {str(each.contrast): each.cell for each in result.contrasts}
    assert list(found) == [f"change({MERGE}) on math", f"retention({LATER}) on science", f"change({LATER}) on logic"]
    assert all(cell.estimate is not None for cell in found.values())


def test_reports_hold_merges_and_are_read_back(result: AnalysisResult, tmp_path: Path) -> None:
    files = write_report(result, tmp_path, ("markdown", "csv", "json", "html", "model-cards"))
    assert read_result(files["json"]) == result
    assert f"| {MERGE} -\\> logic |" in files["markdown"].read_text()
    card = next(path for path in files["model-cards"].rglob("*.md") if path.name.startswith("merge-math-science-then"))
    assert "4. **merge(math, science)**, 80 steps since the base" in card.read_text()
