"""What a plan costs, and how long it takes on so many workers."""

from __future__ import annotations

from typing import Any

from tests.support.plans import make_plan
from tests.support.stages import evaluate_stage, train_stage
from xdomain.plan.cost import MIXTURE_WEIGHT, critical_path, default_weight, list_schedule_seconds, plan_cost
from xdomain.plan.stage import TrainStage


def train(plan: Any, label: str, seed: int = 0) -> TrainStage:
    return next(stage for stage in plan.train_stages if str(stage.run.curriculum) == label and stage.seed == seed)


def test_critical_path_prefers_stages_with_descendants() -> None:
    plan = make_plan()
    rank = critical_path(plan, lambda stage: 1.0)
    assert rank[train(plan, "logic").key] > rank[train(plan, "logic + puzzle").key]
    assert rank[plan.base.key] == max(rank.values())


def test_list_schedule_of_independent_and_chained_stages() -> None:
    plan = make_plan(grid={"singles": True, "ordered_pairs": True})
    seconds = {stage.key: 10.0 for stage in plan.train_stages} | {plan.base.key: 1.0}
    assert list_schedule_seconds(plan, seconds, 1) == 41.0
    assert list_schedule_seconds(plan, seconds, 2) == 21.0
    assert list_schedule_seconds(plan, seconds, 9) == 21.0


def test_sharing_prefixes_saves_steps() -> None:
    plan = make_plan()
    cost = plan_cost(plan, frozenset([plan.base.key, "of another plan"]))
    assert (cost.train_stages, cost.naive_train_stages) == (5, 7)
    assert (cost.train_steps, cost.naive_train_steps) == (50, 70)
    assert cost.stages == len(plan.stages)
    assert cost.done == 1


def test_what_is_there_already_does_not_delay() -> None:
    plan = make_plan(grid={"singles": True})
    seconds = {stage.key: 10.0 for stage in plan.train_stages}
    assert list_schedule_seconds(plan, seconds, 2) == 10.0
    assert list_schedule_seconds(plan, {}, 2) == 0.0


def test_weights_where_nothing_was_measured() -> None:
    assert default_weight(evaluate_stage("logic", checkpoint="base")) == 5.0
    assert default_weight(train_stage("logic", steps=10)) == 10.0
    assert default_weight(train_stage("logic + puzzle", steps=10)) == 10.0 * MIXTURE_WEIGHT
