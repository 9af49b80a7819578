"""Declared contrasts as text."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.quantities import read_quantity
from xdomain.analysis.result import Cell, DeclaredContrast
from xdomain.report.contrasts import contrast_unit, contrast_views


def test_a_contrast_has_the_unit_of_its_quantity() -> None:
    result = example_result(3, 2)
    assert contrast_unit(result, read_quantity("transfer(math on science)")) == "fraction"
    assert contrast_unit(result, read_quantity("bwt(math -> science)")) == "fraction"


def test_every_declared_contrast_is_shown_with_its_finding() -> None:
    quantity = read_quantity("order(math, science) on science")
    cell = Cell(
        estimate=0.08, low=0.02, high=0.14, p=0.01, p_adjusted=0.02, word="gain", caveat="few items", equivalent=True
    )
    result = example_result(3, 2)
    result = result.model_copy(
        update={
            "contrasts": (
                DeclaredContrast(contrast=quantity, cell=cell),
                DeclaredContrast(contrast=quantity, cell=Cell(note="not measured")),
            ),
            "meta": result.meta.model_copy(update={"margin": 0.02}),
        }
    )
    shown, missing = contrast_views(result)
    assert shown.value == "+8.0 percentage points"
    assert shown.finding == "gain; equivalent within 2 points; few items"
    assert (shown.state, shown.contrast) == ("shown", str(quantity))
    assert (missing.value, missing.finding, missing.state) == ("", "not measured", "missing")
