"""A task that waits in an executor's queue, as on a cluster, while its stage's lease is still a dead machine's."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.plans import make_experiment
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.hung_workers import LOOK_SECONDS
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.lease import BEAT_SECONDS, StaleWatch
from xdomain.store.store import Store

QUEUE_SECONDS = 4 * LOOK_SECONDS


class QueuedExecutor(LocalExecutor):
    """Starts a task only some time after it came."""

    def __init__(self) -> None:
        super().__init__(1, 1)
        self.queued: list[tuple[float, Task]] = []
        self.killed: list[Task] = []

    def free_slots(self) -> int:
        return super().free_slots() - len(self.queued)

    def submit(self, task: Task) -> None:
        self.queued.append((time.monotonic() + QUEUE_SECONDS, task))

    def kill(self, task: Task) -> None:
        self.killed.append(task)
        super().kill(task)

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        for entry in [entry for entry in self.queued if entry[0] <= time.monotonic()]:
            self.queued.remove(entry)
            super().submit(entry[1])
        if self.queued:
            time.sleep(timeout_seconds)
        return super().finished(timeout_seconds)


@pytest.mark.slow
def test_it_is_not_killed_for_the_lease_that_it_will_take(tmp_path: Path) -> None:
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        domains=["logic"],
        grid={},
        curricula=["logic"],
        training={"steps": 1, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 16},
        execution={"device": "cpu"},
    )
    plan = build_plan(experiment, resolve_identities(experiment))
    store = Store(tmp_path / "store")
    store.create()
    holder = {"token": "t", "host": "elsewhere/boot", "pid": 1, "started": 4e9, "beat": 7, "progress": {}}
    store.lease_path(plan.base).write_text(json.dumps(holder))
    executor = QueuedExecutor()
    try:
        outcome = Scheduler(plan, store, executor, lambda _: None, StaleWatch(3 * BEAT_SECONDS)).run()
    finally:
        executor.close()
    assert (outcome.failed, executor.killed) == ({}, [])
    assert sorted(outcome.ran) == sorted(plan.stages)
