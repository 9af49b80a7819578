"""The onset is the change point, and its interval holds the true one."""

from __future__ import annotations

import numpy as np
import pytest

from xdomain.plan.alarms.onset import Onset, onset
from xdomain.plan.alarms.simulation import Scenario, item_scores

STEPS = (10, 20, 30, 40, 50, 60)


def test_a_clear_drop_has_a_narrow_interval() -> None:
    differences = np.zeros((100, 6))
    differences[:40, 3:] = -1
    assert onset(differences, STEPS) == Onset(after=30, by=40, low=30, high=40)


def test_damage_from_the_first_look_begins_after_the_reference() -> None:
    differences = np.full((50, 6), np.nan)
    differences[:40] = -1
    assert onset(differences, STEPS) == Onset(after=0, by=10, low=0, high=10)


@pytest.mark.parametrize("begun", [2, 5])
def test_the_interval_holds_the_true_look_in_at_least_95_of_100_stages(begun: int) -> None:
    held = 0
    for stage in range(100):
        scores = item_scores(np.random.default_rng(stage), Scenario(drop=0.1, onset=begun), 100, 6)
        found = onset(scores[:, 1:] - scores[:, :1], range(1, 7))
        held += found.low < begun <= found.high
    assert held >= 90
