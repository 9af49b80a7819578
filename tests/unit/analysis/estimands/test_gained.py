"""Items gained against the parent."""

from __future__ import annotations

import pytest


def test_gained_minus_lost_is_the_change_of_accuracy(result, level):
    change = level("science -> math", "science") - level("science", "science")
    gained, lost = (result.matrices[name].cell("science -> math", "science").estimate for name in ("gained", "lost"))
    assert gained - lost == pytest.approx(change)
