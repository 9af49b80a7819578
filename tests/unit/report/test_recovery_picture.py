"""Recovered damage against kept skill as a picture."""

from __future__ import annotations

import pytest

from tests.support.report_example import example_result
from tests.unit.report.test_cures import FOUND, HALF, RETURN
from xdomain.analysis.result import AnalysisResult, Cell
from xdomain.report.html import render_html
from xdomain.report.recovery_picture import LAYOUT, recovery_pictures


def with_shares(*shares: tuple[float | None, float | None]) -> AnalysisResult:
    points = tuple(
        RETURN.model_copy(update={"recovered": Cell(estimate=recovered), "kept": Cell(estimate=kept), "dose": 10.0 * n})
        for n, (recovered, kept) in enumerate(shares, 1)
    )
    return example_result(3, 1).model_copy(update={"recoveries": (FOUND.model_copy(update={"points": points}),)})


def test_one_line_per_kind() -> None:
    result = example_result(3, 1).model_copy(update={"recoveries": (FOUND,)})
    (picture,) = recovery_pictures(result)
    assert [(line.repair, len(line.doses)) for line in picture.lines] == [("interpolation", 1), ("refresh", 1)]
    assert [line.colour for line in picture.lines] == [1, 2]
    assert HALF.run in picture.lines[0].doses[0].text
    page = render_html(result)
    assert "Recovered damage against kept skill" in page


def test_more_is_higher_and_further_right() -> None:
    (picture,) = recovery_pictures(with_shares((0.2, 0.9), (0.8, 0.5)))
    (line,) = picture.lines
    less, more = line.doses
    assert less.y > more.y
    assert less.x > more.x
    assert picture.full == (LAYOUT.right, LAYOUT.top)
    assert [label for _, label in picture.x_ticks] == ["0", "50", "100"]


@pytest.mark.parametrize(("recovered", "kept"), [(7.0, 1.0), (-9.0, 0.3)])
def test_wild_shares_are_drawn_at_the_edge(recovered: float, kept: float) -> None:
    (picture,) = recovery_pictures(with_shares((recovered, kept)))
    dose = picture.lines[0].doses[0]
    assert LAYOUT.left <= dose.x <= LAYOUT.right
    assert dose.y in (LAYOUT.top, LAYOUT.bottom)


def test_without_both_shares_nothing_is_drawn() -> None:
    assert recovery_pictures(with_shares((None, 0.4), (0.3, None))) == []
