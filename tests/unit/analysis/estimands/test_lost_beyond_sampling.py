"""Items lost beyond the churn of sampling."""

from __future__ import annotations

import pytest


def test_the_difference_is_still_the_change_of_accuracy(result, level):
    change = level("science -> math", "science") - level("science", "science")
    cells = [
        result.matrices[f"{part}_beyond_sampling"].cell("science -> math", "science") for part in ("gained", "lost")
    ]
    assert cells[0].estimate - cells[1].estimate == pytest.approx(change)
