"""Corrupt stages are found and taken out of the store; sound ones, and those that another session has, stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageRef
from xdomain.schedule.repair import Repair, checkpoints_read, has_damaged_records
from xdomain.store.lease import acquire
from xdomain.store.store import Store


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


@pytest.fixture
def store(plan: Plan, tmp_path: Path) -> Store:
    """A store with the base and one training stage, of a record and a checkpoint each."""
    store = Store(tmp_path / "store")
    store.create()
    for stage, step in ((plan.base, 0), (plan.train_stages[0], plan.train_stages[0].steps)):
        publish(store, stage, step)
    return store


def publish(store: Store, stage: StageRef, step: int) -> None:
    lease = acquire(store.lease_path(stage))
    assert lease is not None
    checkpoint = checkpoint_folder(store.work(stage, lease), step)
    checkpoint.mkdir(parents=True)
    (checkpoint / "checkpoint.json").write_text('{"foundation": null}')
    (checkpoint / "weights").write_text("sound")
    (store.work(stage, lease) / "metrics.jsonl").write_text("sound")
    assert store.publish(stage, lease, {"summary": {}})
    lease.release()


def weights(store: Store, stage: StageRef, step: int) -> Path:
    return checkpoint_folder(store.folder(stage), step) / "weights"


def test_a_stage_reads_the_end_of_its_parent(plan: Plan, store: Store) -> None:
    first = plan.train_stages[0]
    assert checkpoint_folder(store.folder(plan.base), 0) in checkpoints_read(first, plan, store)
    assert checkpoints_read(plan.base, plan, store) == []


def test_sound_stages_stay(plan: Plan, store: Store) -> None:
    repair = Repair(plan, store)
    assert repair.discard_damaged_inputs(plan.train_stages[0]) == set()
    assert repair.discard_damaged_records([plan.base, plan.train_stages[0]]) == set()
    assert store.done([plan.base, plan.train_stages[0]]) == {plan.base.key, plan.train_stages[0].key}


def test_a_corrupt_checkpoint_is_discarded_when_it_is_read(plan: Plan, store: Store) -> None:
    weights(store, plan.base, 0).write_text("rotten")
    assert not has_damaged_records(plan.base, store), "checkpoints are compared when one is read"
    assert Repair(plan, store).discard_damaged_inputs(plan.train_stages[0]) == {plan.base.key}
    assert store.done([plan.base, plan.train_stages[0]]) == {plan.train_stages[0].key}


def test_corrupt_records_are_looked_for(plan: Plan, store: Store) -> None:
    (store.folder(plan.train_stages[0]) / "metrics.jsonl").write_text("rotten")
    assert has_damaged_records(plan.train_stages[0], store)
    done = [plan.base, plan.train_stages[0]]
    assert Repair(plan, store).discard_damaged_records(done) == {plan.train_stages[0].key}
    assert store.done(done) == {plan.base.key}


def test_a_stage_that_another_session_has_is_left_to_it(plan: Plan, store: Store) -> None:
    weights(store, plan.base, 0).write_text("rotten")
    lease = acquire(store.lease_path(plan.base))
    assert lease is not None
    assert Repair(plan, store).discard_damaged_inputs(plan.train_stages[0]) == {plan.base.key}
    assert store.folder(plan.base).is_dir()
    lease.release()
