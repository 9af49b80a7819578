"""Equivalence within a margin: two one-sided tests, adjusted like the effects, beside their words."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.equivalence import p_equivalent
from xdomain.analysis.result import Cell
from xdomain.config.analysis import AnalysisConfig, parse_quantity
from xdomain.report.delimited import long_csv
from xdomain.report.markdown import render_markdown


@pytest.mark.parametrize("estimate", [-0.03, -0.008, 0.0, 0.004, 0.0119, 0.0121, 0.05])
def test_p_is_the_larger_of_two_one_sided_t_tests(estimate):
    error, degrees, margin = 0.005, 7.3, 0.02
    cell = Cell(estimate=estimate, p=0.5, standard_error=error, degrees=degrees)
    above = stats.t.sf((estimate + margin) / error, degrees)
    below = stats.t.cdf((estimate - margin) / error, degrees)
    assert p_equivalent(cell, margin) == pytest.approx(max(above, below), rel=1e-9)
    half = stats.t.ppf(0.95, degrees) * error
    inside = -margin < estimate - half and estimate + half < margin
    assert (p_equivalent(cell, margin) <= 0.05) == inside, "the 90% interval decides"


def test_nothing_is_tested_without_a_margin_an_interval_or_a_test():
    cell = Cell(estimate=0.0, p=1.0, standard_error=0.001, degrees=10)
    assert p_equivalent(cell, None) is None
    assert p_equivalent(cell.model_copy(update={"standard_error": None}), 0.02) is None
    assert p_equivalent(cell.model_copy(update={"p": None}), 0.02) is None


@pytest.mark.parametrize("margin", [0, -0.02, 1, float("nan"), "wide"])
def test_a_margin_is_a_share_above_zero(margin):
    with pytest.raises(ValidationError, match="margin"):
        AnalysisConfig.model_validate({"margin": margin})


def test_a_small_effect_is_shown_and_equivalent_and_says_both():
    grid = make_grid(n_items=400, samples=8)
    plain = analyse(grid)
    cells = [c for m in plain.matrices.values() for columns in m.cells.values() for c in columns.values()]
    assert all(cell.equivalent is None for cell in cells)
    result = analyse(replace(grid, margin=0.5, contrasts=(parse_quantity("transfer(math) on math"),)))
    cell = result.matrices["transfer"].cell("math", "math")
    assert cell.word == "gain"
    assert cell.equivalent is True
    assert result.contrasts[0].cell.equivalent is True
    assert result.summary.mean_diagonal_transfer.equivalent is True
    assert (
        result.matrices["asymmetry"].cell("math", "science").equivalent
        == result.matrices["asymmetry"].cell("science", "math").equivalent
    )
    assert result.matrices["relative_transfer"].cell("math", "science").equivalent is None, (
        "a ratio has no margin in points"
    )
    assert result.matrices["sequence"].cell("math -> science", "BWT").equivalent is None
    page = render_markdown(result)
    assert "equivalent within 50 points" in page
    assert "≈" in page
    assert "p_equivalent,equivalent" in long_csv(result).splitlines()[0]
    same = analyse(replace(grid, margin=0.5)).matrices["transfer"].cell("math", "math")
    assert (same.estimate, same.low, same.high, same.word) == (cell.estimate, cell.low, cell.high, "gain")


def test_effects_are_what_they_are_without_a_margin():
    grid = make_grid(n_items=60)
    with_margin, without = analyse(replace(grid, margin=0.02)), analyse(grid)
    for name, matrix in without.matrices.items():
        for row, columns in matrix.cells.items():
            for column, cell in columns.items():
                other = with_margin.matrices[name].cell(row, column)
                assert other.model_copy(update={"p_equivalent": None, "equivalent": None}) == cell


def test_at_the_margin_itself_at_most_five_percent_are_called_equivalent():
    """The least favourable truth: an effect of exactly the margin. 4,000 draws of the estimate, its t and its error."""
    rng, degrees, margin, error = np.random.default_rng(20261128), 8, 0.02, 0.01
    errors = error * np.sqrt(rng.chisquare(degrees, 4000) / degrees)
    estimates = rng.normal(margin, error, 4000)
    found = [
        p_equivalent(Cell(estimate=estimate, p=0.5, standard_error=se, degrees=degrees), margin) <= 0.05
        for estimate, se in zip(estimates, errors, strict=True)
    ]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)
