"""The scheduler with the inline executor and real stages: what it starts, retries, waits for and gives up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.unit.schedule.test_inline import tiny_plan
from xdomain.core.errors import StoreError
from xdomain.core.states import Cause, EventKind
from xdomain.plan.graph import Graph, Plan
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.failures import Failure
from xdomain.store.lease import acquire
from xdomain.store.store import Store


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tiny_plan()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def run(plan: Graph, store: Store) -> tuple[RunOutcome, list[tuple[EventKind, str]]]:
    """The outcome, and the events as kind and stage key."""
    events: list[Event | None] = []
    outcome = Scheduler(plan, store, InlineExecutor(), events.append).run()
    return outcome, [(each.kind, each.stage.key) for each in events if each is not None]


def test_a_failure_blocks_what_comes_after_and_leaves_no_task_file(plan: Plan, store: Store) -> None:
    store.work(plan.base).write_text("a file where the work folder should be")
    outcome, events = run(plan, store)
    assert list(outcome.failed) == [plan.base.key]
    assert outcome.failed[plan.base.key].cause is Cause.ERROR
    assert {*outcome.blocked, plan.base.key} == set(plan.stages)
    assert events[:2] == [(EventKind.STARTED, plan.base.key), (EventKind.FAILED, plan.base.key)]
    assert {kind for kind, _ in events[2:]} == {EventKind.BLOCKED}
    assert not list((store.root / "work").glob(".task*"))


def test_an_error_is_retried_as_often_as_the_experiment_says(plan: Plan, store: Store) -> None:
    execution = plan.experiment.execution.model_copy(
        update={"retries": plan.experiment.execution.retries.model_copy(update={"error": 2})}
    )
    patient = Graph(plan.experiment.model_copy(update={"execution": execution}), {plan.base.key: plan.base})
    store.work(plan.base).write_text("a file where the work folder should be")
    outcome, events = run(patient, store)
    assert list(outcome.failed) == [plan.base.key]
    assert [kind for kind, _ in events] == [
        *[EventKind.STARTED, EventKind.RETRY] * 2,
        EventKind.STARTED,
        EventKind.FAILED,
    ]


@pytest.mark.parametrize(("cause", "message"), [(Cause.CANCELLED, "it was cancelled"), (Cause.ALARM, "as recorded")])
def test_a_stage_that_was_cancelled_or_stopped_does_not_start(
    cause: Cause, message: str, plan: Plan, store: Store
) -> None:
    store.failures.record(plan.base, Failure(cause, "as recorded", ""))
    outcome, events = run(plan, store)
    assert outcome.failed[plan.base.key].cause is cause
    assert message in outcome.failed[plan.base.key].message
    assert store.failures.attempts(plan.base) == []
    assert (EventKind.STARTED, plan.base.key) not in events
    assert outcome.ran == []


def test_a_stage_of_another_session_is_waited_for_and_then_run(plan: Plan, store: Store) -> None:
    lease = acquire(store.lease_path(plan.base))
    assert lease is not None
    threading.Timer(1.0, lease.release).start()
    begun = time.monotonic()
    outcome, events = run(Graph(plan.experiment, {plan.base.key: plan.base}), store)
    assert time.monotonic() - begun > 0.9
    assert outcome.ran == [plan.base.key]
    assert [kind for kind, _ in events] == [EventKind.WAITING, EventKind.STARTED, EventKind.DONE]


def test_nothing_starts_after_a_request_to_stop(plan: Plan, store: Store) -> None:
    scheduler = Scheduler(plan, store, InlineExecutor(), lambda _: None)
    scheduler.request_stop()
    outcome = scheduler.run()
    assert (outcome.interrupted, outcome.ran, scheduler.running()) == (True, [], [])


def test_a_store_that_cannot_be_written_is_an_error_of_the_store(plan: Plan, store: Store) -> None:
    (store.root / "work").rmdir()
    (store.root / "work").write_text("a file where the folder of task files should be")
    with pytest.raises(StoreError, match="can no longer be written"):
        run(plan, store)
