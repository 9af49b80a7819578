"""Accuracies and the shape of the answers."""

from __future__ import annotations

import pytest

from tests.support.cells import close


def test_it_is_the_mean_over_items_of_the_mean_over_samples(result, level):
    for row in ("base", "math", "math -> science -> logic", "math + science"):
        assert close(result.accuracy.cell(row, "logic"), level(row, "logic"))


def test_the_shape_of_the_answers_stands_beside(result, grid):
    shape = result.accuracy.answers["math"]["science"]
    rows = grid.records[grid.records["checkpoint"].str.match(r"math-s\d@40") & (grid.records["domain"] == "science")]
    assert shape.n_samples == len(rows)
    assert shape.malformed == pytest.approx((rows["outcome"] == "malformed").mean())
    assert shape.wrong == pytest.approx((rows["outcome"] == "wrong").mean())
    assert shape.truncated == pytest.approx((rows["finish_reason"] == "length").mean())
    assert shape.mean_tokens == pytest.approx(rows["completion_tokens"].mean())
