"""What a strategy cost, and how far it moved the weights."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.strategy_grids import DOMAINS, MIXTURE, strategy_grid
from xdomain.analysis.analyse import analyse

HELPS = f"{MIXTURE} [cgpo]"
TIED = f"{MIXTURE} [pcgrad]"


@pytest.fixture(scope="module")
def result():
    flips = {"cgpo": dict.fromkeys(DOMAINS, 0.3), "pcgrad": {}, "harmful": {"science": -0.5}}
    return analyse(strategy_grid(flips, displacement={"cgpo": 1.5, "harmful": 0.6}))


def test_cost_and_displacement_with_intervals_over_seeds(result):
    (comparison,) = result.strategies
    cost = {each.run: each for each in comparison.costs}
    assert comparison.reference == MIXTURE
    assert cost[HELPS].seconds_ratio.estimate == pytest.approx(1.1)
    assert cost[MIXTURE].seconds_per_step == pytest.approx(1.0)
    assert cost[HELPS].processor_seconds_ratio.estimate == pytest.approx(1.2)
    assert cost[MIXTURE].processor_seconds_per_step == pytest.approx(0.5)
    assert cost[MIXTURE].displacement == pytest.approx(1.02)
    assert cost[HELPS].displacement_ratio.estimate == pytest.approx(1.5)
    assert cost[HELPS].moves == "farther"
    assert cost[TIED].moves is None
    assert cost[f"{MIXTURE} [harmful]"].moves == "less far"
    assert cost[HELPS].matched is None
    assert any("learning_rate_scale: 1.50" in sentence for sentence in result.sentences)


def test_one_seed_leaves_open_whether_a_strategy_moves_farther():
    result = analyse(strategy_grid({"cgpo": {}}, (0,), displacement={"cgpo": 1.5}))
    cost = result.strategies[0].costs[1]
    assert cost.moves is None
    assert cost.displacement_ratio.estimate == pytest.approx(1.5)
    assert cost.displacement_ratio.note == "no interval: one seed"


def test_what_was_not_recorded_is_missing_not_zero():
    grid = strategy_grid({"cgpo": {}}, displacement={"cgpo": 0.0})
    cost = analyse(grid).strategies[0].costs[1]
    assert cost.displacement is None
    assert cost.displacement_ratio.estimate is None
    assert np.isfinite(cost.seconds_per_step)
