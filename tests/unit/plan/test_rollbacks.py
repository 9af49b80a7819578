"""Rollbacks in a plan: their inputs, what their keys hold, and the phases after them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.support.plans import make_plan
from xdomain.config.run_id import RunId
from xdomain.plan.graph import Plan
from xdomain.plan.rollbacks import ITEMS, SHARES
from xdomain.plan.stage import EvaluateStage, RollbackStage, TaggedStage, TrainStage

FIXED = "rollback(logic -> puzzle, to=logic, share=0.001)"
AUTO = "rollback(logic -> puzzle, to=logic, share=auto)"
RANDOM = "rollback(logic -> puzzle, to=logic, share=0.001, method=random)"


def rolled_back(*curricula: str, **changes: Any) -> Plan:
    return make_plan(**{"grid": {}, "curricula": curricula, **changes})


def rollback(plan: Plan, label: str, seed: int = 0) -> RollbackStage:
    (found,) = [each for each in plan.phase_stages if str(each.run) == label and each.seed == seed]
    assert isinstance(found, RollbackStage)
    return found


def trained(plan: Plan, label: str, seed: int = 0) -> TrainStage:
    (found,) = [each for each in plan.train_stages if str(each.run) == label and each.seed == seed]
    return found


def test_a_rollback_reads_both_ends_and_the_answers_of_the_earlier_one() -> None:
    plan = rolled_back(FIXED, seeds=[0, 1])
    for seed in (0, 1):
        earlier, end = trained(plan, "logic", seed), trained(plan, "logic -> puzzle", seed)
        found = rollback(plan, FIXED, seed)
        assert found.inputs == (end.end, earlier.end)
        assert found.answers is not None
        assert (found.answers.checkpoint, found.answers.domain, found.answers.split) == (earlier.end, "logic", "train")
        assert found.answers.settings.items == ITEMS
        assert found.needs == (end.key, earlier.key, found.answers.key, plan.base.key)
        assert (found.parent_run, found.steps, found.share) == (end.run, 0, 0.001)
        order = list(plan.stages)
        assert order.index(found.answers.key) < order.index(found.key)
        assert found.answers not in plan.evaluations
        assert [each.domain for each in plan.evaluations if each.checkpoint == found.end] == ["logic", "puzzle"]


def test_doses_share_the_answers_and_the_control_needs_none() -> None:
    plan = rolled_back(FIXED, FIXED.replace("0.001", "0.002"), AUTO, RANDOM)
    first, second, third = (rollback(plan, each) for each in (FIXED, FIXED.replace("0.001", "0.002"), AUTO))
    assert first.answers == second.answers == third.answers
    assert len({first.key, second.key, third.key, rollback(plan, RANDOM).key}) == 4
    assert rollback(plan, RANDOM).answers is None
    assert "points" not in rollback(plan, RANDOM).payload


def test_an_automatic_share_is_chosen_on_dev_items_of_the_trained_domains() -> None:
    plan = rolled_back(AUTO, domains=["logic", "puzzle", "math"])
    found = rollback(plan, AUTO)
    assert found.share is None
    assert [(each.domain, each.split) for each in found.dev] == [("logic", "dev"), ("puzzle", "dev")]
    assert found.payload["choice"]["values"] == list(SHARES)
    assert all(each.key not in plan.stages for each in found.dev)
    assert rollback(rolled_back(AUTO, evaluation={"items": 20}), AUTO).key != found.key


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluation": {"items": 10, "seed": 1}},
        {"evaluation": {"items": 10, "samples": 2, "temperature": 1.0}},
        {"execution": {"threads": 2, "device": "cpu"}},
    ],
)
def test_what_changes_the_scores_changes_the_key(changes: dict[str, Any]) -> None:
    assert rollback(rolled_back(FIXED, **changes), FIXED).key != rollback(rolled_back(FIXED), FIXED).key


def test_the_number_of_evaluated_items_does_not_count() -> None:
    assert rollback(rolled_back(FIXED, evaluation={"items": 20}), FIXED).key == rollback(rolled_back(FIXED), FIXED).key


def test_a_later_end_is_repaired_towards_an_earlier_one() -> None:
    label = "rollback(logic -> puzzle -> logic -> puzzle, to=logic -> puzzle -> logic, share=0.01)"
    plan = rolled_back(label)
    found = rollback(plan, label)
    chain = [trained(plan, each) for each in ("logic -> puzzle -> logic -> puzzle", "logic -> puzzle -> logic")]
    assert found.inputs == tuple(each.end for each in chain)
    budget = rolled_back(FIXED, training={"steps": 10, "budget": "total", "prompts_per_step": 4, "generations": 2})
    (found,) = [each for each in budget.phase_stages if isinstance(each, RollbackStage)]
    assert [ref.step for ref in found.inputs] == [5, 5]


def test_training_continues_a_rollback_and_its_queues() -> None:
    plan = rolled_back(f"{FIXED} -> puzzle@20")
    last = trained(plan, f"{FIXED} -> puzzle@20")
    before = rollback(plan, FIXED)
    assert (last.parent, last.parent_run) == (before.end, RunId(before.curriculum, "joint"))
    assert last.offsets == {"puzzle": 40}


def test_a_rollback_and_its_evaluations_survive_json() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(TaggedStage)
    found = rollback(rolled_back(AUTO), AUTO)
    again = adapter.validate_json(adapter.dump_json(found))
    assert again == found
    assert isinstance(again.answers, EvaluateStage)
