"""Run a plan: only what is not in the store yet."""

from __future__ import annotations

from pathlib import Path

from tests.unit.schedule.test_inline import tiny_plan
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
