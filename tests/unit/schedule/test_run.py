"""Run a plan: only what is not in the store yet."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.published import write_holder
from tests.unit.schedule.test_inline import tiny_plan
from xdomain.core.process import host_identity, process_started
from xdomain.core.states import EventKind
from xdomain.plan.graph import Graph
from xdomain.schedule.events import Event
from xdomain.schedule.run import run_plan
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.store import Store


def test_a_second_session_starts_nothing(tmp_path: Path) -> None:
    plan = tiny_plan()
    base_only = Graph(plan.experiment, {plan.base.key: plan.base})
    store = Store(tmp_path / "store")
    events: list[Event | None] = []
    started: list[Scheduler] = []
    first = run_plan(base_only, store, None, events.append, started.append)
    assert (first.ran, first.reused, first.failed) == ([plan.base.key], [], {})
    assert [each.kind for each in events if each is not None] == [EventKind.STARTED, EventKind.DONE]
    assert len(started) == 1
    events.clear()
    second = run_plan(base_only, store, None, events.append, started.append)
    assert (second.ran, second.reused) == ([], [plan.base.key])
    assert (events, len(started)) == ([], 1)


def test_the_lease_of_a_worker_that_was_killed_after_publishing_is_released(tmp_path: Path) -> None:
    plan = tiny_plan()
    base_only = Graph(plan.experiment, {plan.base.key: plan.base})
    store = Store(tmp_path / "store")
    run_plan(base_only, store, None, lambda _: None, lambda _: None)
    lease = store.lease_path(plan.base)
    alive = {"host": host_identity(), "pid": os.getpid(), "started": process_started(os.getpid())}
    for holder, stays in ((alive, True), ({}, True), (alive | {"started": 1.0}, False)):  # {}: of another machine
        write_holder(lease, **holder)
        run_plan(base_only, store, None, lambda _: None, lambda _: None)
        assert lease.exists() is stays
