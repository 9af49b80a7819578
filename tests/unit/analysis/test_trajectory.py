"""Accuracies along a curriculum."""

from __future__ import annotations

import pytest


def test_trajectories_start_at_the_base_and_end_at_the_run(result, level):
    found = next(t for t in result.trajectories if t.curriculum == "math -> science" and t.domain == "math")
    assert [point.total_steps for point in found.points] == [0, 20, 40, 60, 80]
    assert [point.phase for point in found.points] == [0, 1, 1, 2, 2]
    assert found.phase_ends == (40, 80)
    assert found.points[0].estimate == pytest.approx(level("base", "math"))
    assert found.points[2].estimate == pytest.approx(level("math", "math"))
    assert found.points[-1].estimate == pytest.approx(level("math -> science", "math"))
