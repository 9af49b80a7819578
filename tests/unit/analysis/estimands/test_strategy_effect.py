"""Strategies against joint: effects, ties and the worst domain."""

from __future__ import annotations

import pytest

from tests.support.strategy_grids import DOMAINS, MIXTURE, strategy_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.estimands.strategy_effect import MEAN, WORST

HELPS = f"{MIXTURE} [cgpo]"
TIED = f"{MIXTURE} [pcgrad]"


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
    cells = result.matrices["strategy_effect"].cells[HELPS]
    for domain in DOMAINS:
        assert cells[domain].estimate == pytest.approx(helped[domain] - joint[domain], abs=1e-12)
        assert cells[domain].word == "gain"
        assert cells[domain].compares == (HELPS, MIXTURE)
    assert cells[MEAN].estimate == pytest.approx((helped - joint).mean(), abs=1e-12)
    base = grid.records[grid.records["checkpoint"] == "base@0"].groupby("domain")["score"].mean()
    assert cells[WORST].estimate == pytest.approx((helped - base).min() - (joint - base).min(), abs=1e-12)
    assert cells[WORST].word == "gain"


def test_a_tie_is_called_a_tie_and_ranked_nowhere(result):
    cells = result.matrices["strategy_effect"].cells[TIED]
    assert {cell.word for cell in cells.values() if cell.word} <= {"no effect shown"}
    (sentence,) = [text for text in result.sentences if "no difference from" in text]
    assert "for pcgrad;" in sentence
    for found in result.summary.best:
        assert found.group == f"strategies for {MIXTURE}"  # the same runs are not compared again as "every curriculum"
        assert (TIED in found.not_beaten) == (MIXTURE in found.not_beaten)


def test_harm_on_one_domain_is_the_worst_domains_loss(result):
    cells = result.matrices["strategy_effect"].cells[f"{MIXTURE} [harmful]"]
    assert cells["science"].word == "loss"
    assert cells["math"].word in (None, "no effect shown")
    assert cells[WORST].word == "loss"
    assert cells[WORST].note.startswith("worst is science")
