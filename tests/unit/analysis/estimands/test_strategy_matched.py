"""Strategies against the joint arm that moves the weights as far."""

from __future__ import annotations

from tests.support.strategy_grids import DOMAINS, MIXTURE, strategy_grid
from xdomain.analysis.analyse import analyse

HELPS = f"{MIXTURE} [cgpo]"
ARM = "joint(learning_rate_scale=1.5)"


def test_a_strategy_that_moves_farther_is_compared_with_joint_that_moves_as_far():
    flips = {"cgpo": dict.fromkeys(DOMAINS, 0.3), ARM: dict.fromkeys(DOMAINS, 0.3)}
    result = analyse(strategy_grid(flips, displacement={"cgpo": 1.5, ARM: 1.45}))
    cost = {each.run: each for each in result.strategies[0].costs}
    assert cost[HELPS].matched == f"{MIXTURE} [{ARM}]"
    assert cost[f"{MIXTURE} [{ARM}]"].matched is None
    matched = result.matrices["strategy_matched"].cells
    assert list(matched) == [HELPS]
    assert {cell.word for cell in matched[HELPS].values()} == {"no effect shown"}
    assert result.matrices["strategy_effect"].cells[HELPS]["math"].word == "gain"
    assert any("moves as far: no difference" in sentence for sentence in result.sentences)
