"""The published form of the ways to combine domains."""

from __future__ import annotations

import pytest

from xdomain.analysis.result import Cell, RunCost, Way, WayArm, WaysToCombine


@pytest.mark.parametrize(
    ("costs", "amount"),
    [
        ([RunCost(steps=1, completion_tokens=5), RunCost(steps=1, completion_tokens=0)], "completion_tokens"),
        ([RunCost(steps=1, completion_tokens=5), RunCost(steps=1)], "steps"),
    ],
)
def test_costs_are_compared_in_an_amount_that_all_arms_have(costs: list[RunCost], amount: str) -> None:
    arms = tuple(
        WayArm(
            way=Way.MERGE,
            runs=("x",),
            accuracy={},
            against_expert={},
            mean=Cell(),
            mean_against_experts=Cell(),
            worst=Cell(),
            total=cost,
        )
        for cost in costs
    )
    found = WaysToCombine(
        domains=("a", "b"),
        arms=arms,
        candidates=(),
        leading="x",
        margin=Cell(),
        not_beaten=(),
        not_beaten_on_worst=(),
        cheapest="x",
        advice="",
    )
    assert found.cost_amount == amount
    assert found.title == "a, b"
