"""Strategies side by side: effects, ties, worst domain, cost, and the joint arm that moves as far."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.strategy_grids import DOMAINS, MIXTURE, strategy_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.strategies import MEAN, WORST
from xdomain.plan.measurement import StepTelemetry

HELPS = f"{MIXTURE} [cgpo]"
TIED = f"{MIXTURE} [pcgrad]"
ARM = "joint(learning_rate_scale=1.5)"


@pytest.fixture(scope="module")
def result():
    flips = {"cgpo": dict.fromkeys(DOMAINS, 0.3), "pcgrad": {}, "harmful": {"science": -0.5}}
    return analyse(strategy_grid(flips, displacement={"cgpo": 1.5, "harmful": 0.6}))


def levels(grid, strategy):
    ends = {c.checkpoint for c in grid.checkpoints if c.run.strategy == strategy}
    own = grid.records[grid.records["checkpoint"].isin(ends)]
    return own.groupby("domain")["score"].mean()


def test_cells_are_paired_differences_from_joint(result):
    grid = strategy_grid({"cgpo": dict.fromkeys(DOMAINS, 0.3)})
    joint, helped = levels(grid, "joint"), levels(grid, "cgpo")
    cells = result.strategy_effect.cells[HELPS]
    for domain in DOMAINS:
        assert cells[domain].estimate == pytest.approx(helped[domain] - joint[domain], abs=1e-12)
        assert cells[domain].word == "gain"
        assert cells[domain].compares == (HELPS, MIXTURE)
    assert cells[MEAN].estimate == pytest.approx((helped - joint).mean(), abs=1e-12)
    base = grid.records[grid.records["checkpoint"] == "base@0"].groupby("domain")["score"].mean()
    assert cells[WORST].estimate == pytest.approx((helped - base).min() - (joint - base).min(), abs=1e-12)
    assert cells[WORST].word == "gain"


def test_a_tie_is_called_a_tie_and_ranked_nowhere(result):
    cells = result.strategy_effect.cells[TIED]
    assert {cell.word for cell in cells.values() if cell.word} <= {"no effect shown"}
    (sentence,) = [text for text in result.sentences if "no difference from" in text]
    assert "for pcgrad;" in sentence
    for found in result.summary.best:
        assert found.group == f"strategies for {MIXTURE}"  # the same runs are not compared again as "every curriculum"
        assert (TIED in found.not_beaten) == (MIXTURE in found.not_beaten)


def test_harm_on_one_domain_is_the_worst_domains_loss(result):
    cells = result.strategy_effect.cells[f"{MIXTURE} [harmful]"]
    assert cells["science"].word == "loss"
    assert cells["math"].word in (None, "no effect shown")
    assert cells[WORST].word == "loss"
    assert cells[WORST].note.startswith("worst is science")


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


def test_gradients_are_means_over_steps_then_seeds_and_missing_telemetry_is_missing():
    looked = StepTelemetry({"logic|math": -0.5, "math|science": None}, {"math": 0.25, "logic": 0.75})
    again = StepTelemetry({"logic|math": 0.1, "math|science": -0.2}, {"math": None})
    by_seed = {0: (looked, again, StepTelemetry({}, {"math": 0.75})), 1: (again,)}
    grid = strategy_grid({"cgpo": {}}, seeds=(0, 1))
    ends = [
        replace(end, telemetry=by_seed[end.seed]) if end.run.strategy == "cgpo" else end for end in grid.checkpoints
    ]
    joint, cgpo = analyse(replace(grid, checkpoints=tuple(ends))).strategies[0].gradients
    assert (joint.steps, joint.cosine, joint.conflicting, joint.gradient_share) == (0, {}, None, {})
    assert cgpo.steps == 3
    assert cgpo.cosine == pytest.approx({"logic|math": (-0.2 + 0.1) / 2, "math|science": -0.2})
    assert cgpo.conflicting == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert cgpo.gradient_share == pytest.approx({"logic": 0.75, "math": 0.5})


def test_a_strategy_that_moves_farther_is_compared_with_joint_that_moves_as_far():
    flips = {"cgpo": dict.fromkeys(DOMAINS, 0.3), ARM: dict.fromkeys(DOMAINS, 0.3)}
    result = analyse(strategy_grid(flips, displacement={"cgpo": 1.5, ARM: 1.45}))
    cost = {each.run: each for each in result.strategies[0].costs}
    assert cost[HELPS].matched == f"{MIXTURE} [{ARM}]"
    assert cost[f"{MIXTURE} [{ARM}]"].matched is None
    matched = result.strategy_matched.cells
    assert list(matched) == [HELPS]
    assert {cell.word for cell in matched[HELPS].values()} == {"no effect shown"}
    assert result.strategy_effect.cells[HELPS]["math"].word == "gain"
    assert any("moves as far: no difference" in sentence for sentence in result.sentences)


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
