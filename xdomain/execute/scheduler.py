"""Run a plan: start what is ready, longest path first, until everything is done or blocked.

Several schedulers may work on one store: a stage whose lease another one holds is left to it and looked at again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from xdomain.core.errors import StoreError
from xdomain.execute.base import Ended, Executor, Task
from xdomain.execute.memory import memory_kills
from xdomain.execute.task_file import task_file
from xdomain.plan.cost import critical_path, default_weight
from xdomain.plan.graph import Graph
from xdomain.plan.stage import CheckpointRef, EvaluateStage, Stage
from xdomain.store.lease import Holder, StaleWatch, read_holder
from xdomain.store.store import CANCELLED, Failure, Store

POLL_SECONDS = 0.2
FULL_DISK_BYTES = 1 << 20
"""A worker that vanished while less than this was free could not even say why."""


@dataclass(frozen=True)
class Event:
    """Something that happened: "started", "done", "failed", "retry", "blocked" or "waiting"."""

    kind: str
    stage: Stage
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class RunOutcome:
    """How a run ended.

    Attributes:
        ran: keys of the stages that this run brought to completion.
        reused: keys that were in the store before.
        failed: why, by key.
        blocked: keys that a failure keeps from running.
        interrupted: it was stopped on request.
    """

    ran: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    interrupted: bool = False


class Scheduler:
    """Runs one plan.

    Args:
        watch: called with every event, and with None whenever progress may have changed.
        stale_watch: judges leases of other machines.
    """

    def __init__(
        self,
        plan: Graph,
        store: Store,
        executor: Executor,
        watch: Callable[[Event | None], None],
        stale_watch: StaleWatch | None = None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._executor = executor
        self._watch = watch
        self._stale_watch = stale_watch or StaleWatch()
        self._rank = critical_path(plan, default_weight)
        self._place = {key: place for place, key in enumerate(plan.stages)}
        self._children: dict[str, list[str]] = {key: [] for key in plan.stages}
        self._open_needs: dict[str, int] = {}
        self._ready: set[str] = set()
        # Ready stages, most urgent first; one that started with its group stays behind and is skipped.
        self._queue: list[tuple[float, int, str]] = []
        self._ready_evaluations: dict[CheckpointRef, set[str]] = {}
        self._running: dict[str, Stage] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._memory_kills = memory_kills()
        self._elsewhere: set[str] = set()
        self._looked_elsewhere = 0.0
        self._blocked: set[str] = set()
        self._stop: str | None = None
        self.outcome = RunOutcome()

    def request_stop(self) -> None:
        """First call: workers stop at their next checkpoint. Second: at once."""
        at_once = self._stop is not None
        self._stop = "at once" if at_once else "soon"
        self._executor.stop(at_once=at_once)

    def running(self) -> list[tuple[Stage, Holder | None]]:
        """Stages that this scheduler started, with what their leases tell of progress."""
        return [(stage, read_holder(self._store.lease_path(stage))) for stage in self._running.values()]

    def run(self) -> RunOutcome:
        """Run until nothing can be started any more.

        Raises:
            StoreError: the store cannot be written any more.
        """
        try:
            return self._run()
        except OSError as error:
            raise StoreError(
                f"cannot be written any more: {error.strerror or error}.",
                where=str(self._store.root),
                fix="Make room, and the same command continues; what was finished is kept.",
            ) from error

    def _run(self) -> RunOutcome:
        self._begin()
        while self._ready or self._running or self._elsewhere:
            if self._stop is None:
                self._submit()
            elif not self._running:
                break
            if not self._running and not self._ready and self._elsewhere:
                time.sleep(POLL_SECONDS)
            for ended in self._executor.finished(POLL_SECONDS):
                self._settle(ended)
                ended.task.path.unlink(missing_ok=True)
            self._look_elsewhere()
            self._watch(None)
        self.outcome.interrupted = self._stop is not None
        return self.outcome

    def _begin(self) -> None:
        done = self._store.done(self._plan.stages.values())
        self.outcome.reused = [key for key in self._plan.stages if key in done]
        for key, stage in self._plan.stages.items():
            if key in done:
                continue
            needs = [need for need in stage.needs if need not in done]
            self._open_needs[key] = len(needs)
            for need in needs:
                self._children[need].append(key)
            if not needs:
                self._make_ready(key)

    def _make_ready(self, key: str) -> None:
        # Ties are broken by plan order, so that runs of one plan start alike.
        self._ready.add(key)
        heappush(self._queue, (-self._rank[key], self._place[key], key))
        stage = self._plan.stages[key]
        if isinstance(stage, EvaluateStage):
            self._ready_evaluations.setdefault(stage.checkpoint, set()).add(key)

    def _submit(self) -> None:
        while self._ready and self._executor.free_slots() > 0:
            group = self._next_group()
            stages = []
            stale: dict[str, str] = {}
            for stage in group:
                if self._store.is_cancelled(stage):
                    message = "it was cancelled; `xdomain grid retry` takes that back."
                    self._fail(stage, Failure(CANCELLED, message, str(self._store.log_path(stage))))
                    continue
                holder, free = self._stale_watch.holder(self._store.lease_path(stage))
                if not free:
                    self._elsewhere.add(stage.key)
                    self._watch(Event("waiting", stage, {"pid": holder.pid if holder else None}))
                    continue
                if holder is not None:
                    stale[stage.key] = holder.token
                stages.append(stage)
            if stages:
                self._start(stages, stale)

    def _next_group(self) -> list[Stage]:
        """Take the most urgent ready stage; with an evaluation, all ready ones of its checkpoint (the model is loaded
        once)."""
        while (key := heappop(self._queue)[2]) not in self._ready:
            continue
        first = self._plan.stages[key]
        keys = {key}
        if isinstance(first, EvaluateStage):
            keys = self._ready_evaluations.pop(first.checkpoint)
        self._ready -= keys
        return [self._plan.stages[key] for key in sorted(keys, key=self._place.__getitem__)]

    def _start(self, stages: list[Stage], stale: dict[str, str]) -> None:
        file = task_file(self._plan, self._store, stages, stale)
        path = self._task_path(stages[0])
        path.write_text(file.model_dump_json(), encoding="utf-8")
        for stage in stages:
            self._store.clear_failure(stage)
            self._running[stage.key] = stage
            self._watch(Event("started", stage))
        self._executor.submit(Task(stages[0].folder, tuple(stages), path))

    def _task_path(self, stage: Stage) -> Path:
        return self._store.root / "work" / f".task-{stage.folder}-{time.time_ns()}.json"

    def _settle(self, ended: Ended) -> None:
        """Read from the store what became of stages whose worker ended."""
        done = self._store.done(ended.task.stages)
        vanished = self._vanished(ended)
        for stage in ended.task.stages:
            del self._running[stage.key]
            failure = self._store.failure(stage)
            _, free = self._stale_watch.holder(self._store.lease_path(stage))
            if stage.key in done:
                self.outcome.ran.append(stage.key)
                self._finish(stage)
            elif failure is not None:
                self._retry_or_fail(stage, failure)
            elif not free and ended.cause is None:
                # Another runner has it, or the worker outlived the forkserver that reported its end. (An executor that
                # knows of a lost machine gives the cause; its lease is waited for before the next start.)
                self._elsewhere.add(stage.key)
            elif self._stop is not None:
                continue
            else:
                self._retry_or_fail(stage, vanished)

    def _vanished(self, ended: Ended) -> Failure:
        """What to say of a worker that ended without a word."""
        log = str(self._store.log_path(ended.task.stages[0]))
        if ended.how and self._store.free_bytes() < FULL_DISK_BYTES:
            return Failure("error", f"its worker ended with {ended.how} and the store's disk is full.", log)
        if ended.cause is not None:
            return Failure(ended.cause, f"its worker ended: {ended.how}.", log)
        before, self._memory_kills = self._memory_kills, memory_kills()
        if ended.how == "signal 9" and before is not None and (self._memory_kills or 0) > before:
            return Failure("out of memory", "the system killed its worker for want of memory.", log)
        return Failure("killed", f"its worker ended with {ended.how or 'nothing done'} and said nothing.", log)

    def _retry_or_fail(self, stage: Stage, failure: Failure) -> None:
        if failure.cause == CANCELLED:
            self._fail(stage, failure)
            return
        self._store.note_attempt(stage, failure.cause)
        self._failures[stage.key, failure.cause] += 1
        allowed: int = getattr(self._plan.experiment.execution.retries, failure.cause.replace(" ", "_"))
        if self._stop is None and self._failures[stage.key, failure.cause] <= allowed:
            self._watch(Event("retry", stage, {"message": failure.message}))
            self._make_ready(stage.key)
        else:
            self._store.fail(stage, failure)
            self._fail(stage, failure)

    def _look_elsewhere(self) -> None:
        """Stages that somebody else is at: done by now, or free to be taken?"""
        if time.monotonic() - self._looked_elsewhere < POLL_SECONDS:
            return
        self._looked_elsewhere = time.monotonic()
        for key in list(self._elsewhere):
            stage = self._plan.stages[key]
            if self._store.done([stage]):
                self._elsewhere.discard(key)
                self.outcome.reused.append(key)
                self._finish(stage)
            elif self._stale_watch.holder(self._store.lease_path(stage))[1]:
                self._elsewhere.discard(key)
                self._make_ready(key)

    def _finish(self, stage: Stage) -> None:
        self._watch(Event("done", stage))
        for child in self._children[stage.key]:
            self._open_needs[child] -= 1
            if self._open_needs[child] == 0 and child not in self._blocked:
                self._make_ready(child)

    def _fail(self, stage: Stage, failure: Failure) -> None:
        self.outcome.failed[stage.key] = failure
        self._watch(Event("failed", stage, {"message": failure.message, "log": failure.log}))
        waiting = list(self._children[stage.key])
        while waiting:
            key = waiting.pop()
            if key not in self._blocked:
                self._blocked.add(key)
                self.outcome.blocked.append(key)
                self._watch(Event("blocked", self._plan.stages[key]))
                waiting += self._children[key]
