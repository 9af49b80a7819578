"""Items gained beyond the churn of sampling."""

from __future__ import annotations

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse

NAMES = ("gained_beyond_sampling", "gained")


def test_one_sample_cannot_tell_churn():
    result = analyse(make_grid(("math", "science"), samples=1, seeds=(0,)))
    cell = result.matrices["gained_beyond_sampling"].cell("math", "science")
    assert cell.estimate is None
    assert "two samples" in cell.note
    assert result.matrices["gained"].cell("math", "science").estimate is not None


def test_the_churn_is_taken_off(result):
    beyond, gained = (result.matrices[name].cell("science -> math", "science") for name in NAMES)
    assert beyond.estimate < gained.estimate
