"""Which optional stages are needed follows from the stored looks, and only from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.looks import with_looks
from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.core.errors import DamagedArtifact
from xdomain.plan.graph import Plan
from xdomain.plan.stage import TrainStage
from xdomain.store.optional import Decisions, grown, stage_looks, unmonitored
from xdomain.store.store import Store

TRAINING = {"steps": 12, "prompts_per_step": 4, "generations": 2, "alarms": {"on_alarm": "refresh", "budget": 1.0}}


def planned() -> Plan:
    return make_plan(grid={}, curricula=["logic -> puzzle"], training=TRAINING)


def titles(plan: Plan) -> set[str]:
    return {stage.title for stage in plan.train_stages}


def test_a_stage_that_is_not_published_decides_nothing(store: Store) -> None:
    plan = planned()
    assert set(Decisions(plan, store).all().values()) == {None}
    assert Decisions(plan, store).refreshes() == {}
    found = grown(plan, store)
    assert (list(found.stages), found.optional) == (list(plan.stages), plan.optional)


def test_the_alarm_calls_for_its_domain_alone(store: Store) -> None:
    plan = planned()
    first, second = plan.train_stages
    with_looks(store, first, {"logic": 0.0, "puzzle": -0.2})
    assert Decisions(plan, store).refreshes() == {first.key: {"logic": False, "puzzle": True}}
    found = grown(plan, store)
    assert titles(found) == {first.title, second.title, "logic -> refresh(puzzle)@3, seed 0"}
    assert len(found.evaluations) == len(plan.evaluations) + 2
    assert {each.condition.stage for each in found.optional.values()} == {second.key}


def test_a_quiet_stage_and_one_without_looks_need_none(store: Store) -> None:
    plan = planned()
    first, second = plan.train_stages
    with_looks(store, first, {"logic": -0.02, "puzzle": 0.1})
    published(store, second)
    assert set(Decisions(plan, store).all().values()) == {False}
    found = grown(plan, store)
    assert (list(found.stages), found.optional) == (list(plan.stages), {})


def test_stages_without_looks_are_named_once_they_are_published(store: Store) -> None:
    plan = planned()
    first, second = plan.train_stages
    assert unmonitored(plan, store) is None
    with_looks(store, first, {"logic": 0.0})
    published(store, second)
    assert unmonitored(plan, store) == (
        "No refresh follows 1 stage that ran without alarms or too shortly for them: logic -> puzzle, seed 0."
    )
    several = make_plan(grid={}, curricula=["logic -> puzzle"], training=TRAINING, seeds=[0, 1, 2])
    for stage in several.train_stages[2:]:
        published(store, stage)
    assert str(unmonitored(several, store)).endswith("; and 2 more.")


def test_corrupt_looks_are_an_error(store: Store) -> None:
    plan = planned()
    first = plan.train_stages[0]
    folder = with_looks(store, first, {"logic": -0.2})
    assert stage_looks(store, first) is not None
    (folder / "looks.jsonl").write_text("{}")
    with pytest.raises(DamagedArtifact, match=r"looks\.jsonl"):
        Decisions(plan, store).all()


def test_growing_twice_changes_nothing(store: Store) -> None:
    plan = planned()
    with_looks(store, plan.train_stages[0], {"logic": -0.2})
    once = grown(plan, store)
    assert once == grown(once, store) == replace(once)
    assert all(isinstance(stage, TrainStage) for stage in once.train_stages)
