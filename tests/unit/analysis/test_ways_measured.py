"""Estimates behind the table "Ways to combine"."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.grids import make_grid
from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate
from xdomain.analysis.study import build_study
from xdomain.analysis.ways import combined_domains
from xdomain.analysis.ways_measured import (
    EXPERTS,
    MeasuredWays,
    difference_cell,
    level_cell,
    measured_ways,
    worst_cell,
)

CURRICULA = ("math", "science", "math -> science", "science -> math", "math + science", "merge(math, science)")


@pytest.fixture(scope="module")
def measured() -> MeasuredWays:
    study = build_study(make_grid(("math", "science"), CURRICULA, n_items=50, saved_every=40))
    (combined,) = combined_domains(study)
    found = measured_ways(study, combined)
    assert found is not None
    return found


def test_the_table_of_means_agrees_with_the_means(measured: MeasuredWays) -> None:
    for run in measured.runs:
        assert measured.mean(run) == pytest.approx(measured.means[run.label].value)
    experts = [measured.levels[name, name].value for name in ("math", "science")]
    assert measured.means[EXPERTS].value == pytest.approx(np.mean(experts))


def test_errors_of_two_runs_are_those_of_their_paired_difference(measured: MeasuredWays) -> None:
    """Two domains: the variance of a mean is a quarter of the sum, apart from the pooled seed part."""
    scores = [[part.scores(run) for run in measured.runs[:2]] for part in measured.aligned]
    items = sum(np.var((a - b).mean(axis=0), ddof=1) / a.shape[1] for a, b in scores) / 4
    assert measured.table.errors[0, 1] ** 2 >= items * 0.999


def test_worst_domain_of_runs_that_answer_alike_is_a_tie(measured: MeasuredWays) -> None:
    twice = MeasuredWays(**{**measured.__dict__, "runs": (measured.runs[0], measured.runs[0])})
    assert len(twice.not_beaten_on_worst()) == 2


def test_an_interval_for_several_runs_is_wider() -> None:
    estimate = Estimate(0.5, 0.001, 20.0, 100, 3, p=0.02)
    plain, wide = difference_cell(estimate), difference_cell(estimate, 6)
    assert wide.low < plain.low < plain.high < wide.high
    assert wide.p == pytest.approx(0.12)
    assert difference_cell(Estimate(0.5, 0.001, 20.0, 100, 3, p=0.5), 6).p == 1.0
    level = level_cell(Estimate(0.98, 0.001, 20.0, 100, 3), 6)
    assert level.high == 1.0
    assert level.p is None
    assert level_cell(Blank("not measured"), 6).note == "not measured"


def test_the_worst_domain_is_named_and_its_interval_reaches_further() -> None:
    levels = {"a": Estimate(0.6, 0.001, 20.0, 100, 3), "b": Estimate(0.5, 0.001, 20.0, 100, 3)}
    cell = worst_cell(levels, ("x",))
    assert (cell.estimate, cell.note) == (0.5, '"b"')
    wide = worst_cell(levels, ("x",), 24)
    assert wide.low < cell.low < cell.high < wide.high
    assert worst_cell({"a": Blank("gone")}, ("x",)).note == "gone"
    exact = worst_cell({"a": Estimate(1.0, 0.0, 1.0, 10, 1), "b": levels["b"]}, ("x",))
    assert (exact.estimate, exact.low) == (0.5, None)
