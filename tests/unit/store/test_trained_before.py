"""Stored trainings under other verifiers: found by everything else that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import StageSpec
from xdomain.store.experiments import note_experiment
from xdomain.store.lease import acquire
from xdomain.store.store import Store
from xdomain.store.trained_before import as_trained

NAMES = ("logic", "puzzle")


def plan_with(verifiers: dict[str, str], **changes: Any) -> Plan:
    """The plan of an experiment whose domains are judged by `verifiers` ("v1" where none is named)."""
    return build_plan(
        make_experiment(**changes),
        Identities(
            model={"preset": "tiny_qwen3"},
            items={name: {"data": name} for name in NAMES},
            verifiers={name: {"scorer": f"{name}/{verifiers.get(name, 'v1')}"} for name in NAMES},
            rewards={name: {"shape": name} for name in NAMES},
        ),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def publish(store: Store, plan: Plan, stages: list[StageSpec], finished: float = 0.0) -> None:
    note_experiment(store, plan)
    for stage in stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        if not store.done([stage]):
            store.work(stage, lease).mkdir()
            assert store.publish(stage, lease, {"summary": {}, "seconds": 1.0, "finished": finished})
        lease.release()


def test_stages_of_an_earlier_verifier_take_the_place_of_those_planned(store: Store) -> None:
    earlier, now = plan_with({}), plan_with({"logic": "v2"})
    publish(store, earlier, list(earlier.stages.values()))
    found, stored = as_trained(now, store)
    assert {stage.key for stage in found.train_stages} == {stage.key for stage in earlier.train_stages}
    assert stored.keys() == {stage.key for stage in earlier.train_stages}
    assert store.done(found.train_stages) == set(stored), "their folders are those of the store"
    assert len(found.evaluations) == len(now.evaluations)
    of_logic = next(stage for stage in found.evaluations if stage.title == "logic, seed 0 step 10 on logic")
    assert of_logic.trained_under == {"logic": ["logic/v1"]}
    assert of_logic.payload["verifier"] == {"scorer": "logic/v2"}
    assert of_logic.key not in earlier.stages
    # Neither training nor judging of these changed.
    kept = {stage.key for stage in now.evaluations} & {stage.key for stage in earlier.evaluations}
    assert kept <= {stage.key for stage in found.evaluations}


def test_one_training_is_chosen_for_all_its_phases(store: Store) -> None:
    """The complete one, though a later one was begun; of two complete ones the one under other verifiers."""
    whole, begun, now = plan_with({}), plan_with({"logic": "v2"}), plan_with({"logic": "v3"})
    publish(store, whole, list(whole.stages.values()), finished=1.0)
    singles = [stage for stage in begun.train_stages if stage.phase_index == 0]
    publish(store, begun, [begun.base, *singles], finished=2.0)
    found, _ = as_trained(now, store)
    assert {stage.key for stage in found.train_stages if "->" in str(stage.run)} <= whole.stages.keys()
    for stage in found.train_stages:
        assert stage.payload["parent"] == stage.parent.stage
    publish(store, now, list(now.stages.values()), finished=3.0)
    again, _ = as_trained(now, store)
    pairs = {stage.key for stage in again.train_stages if "->" in str(stage.run)}
    assert pairs <= whole.stages.keys()


def test_what_differs_in_more_than_verifiers_is_another_training(store: Store) -> None:
    earlier = plan_with({}, training={"steps": 12, "prompts_per_step": 4, "generations": 2})
    publish(store, earlier, list(earlier.stages.values()))
    found, stored = as_trained(plan_with({"logic": "v2"}), store)
    assert not stored
    assert not found.train_stages
    assert {stage.checkpoint for stage in found.evaluations} == {earlier.base.end}


def test_a_distillation_is_found_with_the_teachers_that_are_found(store: Store) -> None:
    changes = {"grid": {}, "curricula": ["distill(logic, puzzle)"]}
    earlier, now = plan_with({}, **changes), plan_with({"logic": "v2"}, **changes)
    publish(store, earlier, list(earlier.stages.values()))
    found, stored = as_trained(now, store)
    assert stored.keys() == {stage.key for stage in earlier.train_stages}
    (student,) = [stage for stage in found.train_stages if stage.teachers]
    assert student.teachers == earlier.train_stages[-1].teachers


def test_a_distillation_from_other_teachers_is_another_training(store: Store) -> None:
    planned, other = "distill(logic, puzzle)", "distill(logic: puzzle, puzzle)"
    earlier = plan_with({}, grid={"singles": True}, curricula=[other])
    publish(store, earlier, list(earlier.stages.values()))
    found, _ = as_trained(plan_with({}, grid={}, curricula=[planned]), store)
    assert [str(stage.curriculum) for stage in found.train_stages] == ["logic", "puzzle"]
