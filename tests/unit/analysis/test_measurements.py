"""Matrices are computed once, and a matrix that was not asked for is refused."""

from __future__ import annotations

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.estimand import Estimand
from xdomain.analysis.estimands import estimands
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.result import Matrix
from xdomain.analysis.study import build_study
from xdomain.core.errors import AnalysisError

TEMPLATE = Matrix(name="mine", title="Mine", definition="", source="ours", row_meaning="run")


def measured(*added: Estimand) -> Measurements:
    grid = make_grid(("math", "science"), seeds=(0,), n_items=10)
    return Measurements(build_study(grid), grid, estimands() | {each.name: each for each in added})


def test_every_matrix_is_computed_once():
    calls = []

    def compute(measurements: Measurements, template: Matrix) -> Matrix:
        calls.append(template.name)
        return measurements.filled(template, {})

    found = measured(Estimand(template=TEMPLATE, compute=compute))
    assert found.matrix("mine") is found.matrices()["mine"]
    assert calls == ["mine"]


def test_a_matrix_that_is_not_defined_is_left_out():
    found = measured(Estimand(template=TEMPLATE, compute=lambda measurements, template: None))
    assert found.matrix("mine") is None
    assert "mine" not in found.matrices()


def test_a_matrix_under_another_name_is_refused():
    def compute(measurements: Measurements, template: Matrix) -> Matrix:
        return template.model_copy(update={"name": "other"})

    with pytest.raises(AnalysisError, match='"mine" computed the matrix "other"'):
        measured(Estimand(template=TEMPLATE, compute=compute)).matrix("mine")
