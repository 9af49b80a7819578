"""Run a plan: start what is ready, longest path first, until everything is done or blocked.

Several schedulers may work on one store: a stage whose lease another one holds is left to it and looked at again.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xdomain.config.backend import KEEPS_ENGINE
from xdomain.core.errors import StoreError
from xdomain.core.states import Cause, EventKind
from xdomain.plan.graph import Graph
from xdomain.plan.stage import EvaluateStage, Stage
from xdomain.schedule.base import Ended, Executor, Task
from xdomain.schedule.frontier import Frontier
from xdomain.schedule.memory import memory_kills
from xdomain.schedule.repair import Repair
from xdomain.schedule.task_file import task_file
from xdomain.store.failures import Failure
from xdomain.store.lease import Holder, StaleWatch, read_holder
from xdomain.store.store import Store

POLL_SECONDS = 0.2
FULL_DISK_BYTES = 1 << 20
"""A worker that vanished while less than this was free could not even say why."""
LOOK_SECONDS = 2.0
"""Between two looks at the beats of this run's own workers."""
REMAKES = 2
"""Times that one stage is made again because what was published got damaged."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a stage."""

    kind: EventKind
    stage: Stage
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class RunOutcome:
    """How a run ended.

    Attributes:
        ran: keys of the stages that this run brought to completion.
        reused: keys that were in the store before, or that another run published meanwhile.
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
        self._name = uuid.uuid4().hex
        self._watch = watch
        self._stale_watch = stale_watch or StaleWatch(plan.experiment.execution.stale_after_seconds)
        self._frontier = Frontier(plan, frozenset())
        self._repair = Repair(plan, store)
        self._running: dict[str, Stage] = {}
        self._tasks: dict[str, Task] = {}
        self._taken_over: dict[str, frozenset[str]] = {}  # by task: tokens of the stale leases that its worker takes
        self._hung: set[str] = set()
        self._looked_at_beats = 0.0
        self._failures: Counter[tuple[str, Cause]] = Counter()
        self._memory_kills = memory_kills()
        self._elsewhere: set[str] = set()
        self._looked_elsewhere = 0.0
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
        while self._frontier or self._running or self._elsewhere:
            if self._stop is None:
                self._submit()
            elif not self._running:
                break
            if not self._running and not self._frontier and self._elsewhere:
                time.sleep(POLL_SECONDS)
            for ended in self._executor.finished(POLL_SECONDS):
                self._settle(ended)
                ended.task.path.unlink(missing_ok=True)
            self._look_elsewhere()
            self._end_hung_workers()
            self._watch(None)
        self.outcome.interrupted = self._stop is not None
        return self.outcome

    def _begin(self) -> None:
        stages = self._plan.stages.values()
        done = self._store.done(stages)
        if self._plan.experiment.execution.damaged == "remake":
            published = [stage for stage in stages if stage.key in done]
            damaged = self._repair.discard_damaged_records(published)
            for key in damaged:
                self._watch(Event(EventKind.CORRUPT, self._plan.stages[key], {"message": "it is made again."}))
            done -= damaged
        self.outcome.reused = [key for key in self._plan.stages if key in done]
        self._frontier = Frontier(self._plan, done)

    def _submit(self) -> None:
        while self._frontier and self._executor.free_slots() > 0:
            group = self._frontier.take()
            stages = []
            stale: dict[str, str] = {}
            for stage in group:
                if self._store.done([stage]):
                    self._found_done(stage)  # another run published it since this one looked
                    continue
                if self._store.failures.is_cancelled(stage):
                    message = "it was cancelled; `xdomain grid retry` takes that back."
                    self._fail(stage, Failure(Cause.CANCELLED, message, str(self._store.log_path(stage))))
                    continue
                holder, free = self._stale_watch.holder(self._store.lease_path(stage))
                if not free:
                    self._elsewhere.add(stage.key)
                    self._watch(Event(EventKind.WAITING, stage, {"pid": holder.pid if holder else None}))
                    continue
                if holder is not None:
                    stale[stage.key] = holder.token
                stages.append(stage)
            if stages:
                self._start(stages, stale)

    def _start(self, stages: list[Stage], stale: dict[str, str]) -> None:
        file = task_file(self._plan, self._store, stages, stale, self._name)
        path = self._task_path(stages[0])
        path.write_text(file.model_dump_json(), encoding="utf-8")
        for stage in stages:
            self._store.failures.clear(stage)
            self._running[stage.key] = stage
            self._watch(Event(EventKind.STARTED, stage))
        evaluates = isinstance(stages[0], EvaluateStage)
        keeps_engine = evaluates and self._plan.experiment_of(stages[0]).evaluation.backend in KEEPS_ENGINE
        task = Task(stages[0].folder, tuple(stages), path, keeps_engine)
        self._tasks[task.name] = task
        self._taken_over[task.name] = frozenset(stale.values())
        self._executor.submit(task)

    def _task_path(self, stage: Stage) -> Path:
        return self._store.root / "work" / f".task-{stage.folder}-{time.time_ns()}.json"

    def _settle(self, ended: Ended) -> None:
        """Read from the store what became of stages whose worker ended."""
        del self._tasks[ended.task.name], self._taken_over[ended.task.name]
        done = self._store.done(ended.task.stages)
        vanished = self._vanished(ended)
        for stage in ended.task.stages:
            del self._running[stage.key]
            failure = self._store.failures.last(stage)
            _, free = self._stale_watch.holder(self._store.lease_path(stage))
            if stage.key in done and self._store.result(stage).get("runner") == self._name:
                self.outcome.ran.append(stage.key)
                self._finish(stage)
            elif stage.key in done:
                self._found_done(stage)
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
        if ended.task.name in self._hung:
            self._hung.remove(ended.task.name)
            return Failure(Cause.KILLED, "its worker hung without a sign of life, and was killed.", log)
        if ended.how and self._store.free_bytes() < FULL_DISK_BYTES:
            return Failure(Cause.ERROR, f"its worker ended with {ended.how} and the store's disk is full.", log)
        if ended.cause is not None:
            return Failure(ended.cause, f"its worker ended: {ended.how}.", log)
        before, self._memory_kills = self._memory_kills, memory_kills()
        if ended.how == "signal 9" and before is not None and (self._memory_kills or 0) > before:
            return Failure(Cause.OUT_OF_MEMORY, "the system killed its worker for want of memory.", log)
        return Failure(Cause.KILLED, f"its worker ended with {ended.how or 'nothing done'} and said nothing.", log)

    def _retry_or_fail(self, stage: Stage, failure: Failure) -> None:
        if failure.cause is Cause.CANCELLED:
            self._store.failures.record(stage, failure)
            self._fail(stage, failure)
            return
        if failure.cause is Cause.CORRUPT and self._remake(stage):
            return
        self._store.failures.note_attempt(stage, failure.cause)
        self._failures[stage.key, failure.cause] += 1
        allowed = self._plan.experiment.execution.retries.after(failure.cause)
        if self._stop is None and self._failures[stage.key, failure.cause] <= allowed:
            self._watch(Event(EventKind.RETRY, stage, {"message": failure.message}))
            self._frontier.make_ready(stage.key)
        else:
            self._store.failures.record(stage, failure)
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
                self._found_done(stage)
            elif self._stale_watch.holder(self._store.lease_path(stage))[1]:
                self._elsewhere.discard(key)
                self._frontier.make_ready(key)

    def _found_done(self, stage: Stage) -> None:
        self.outcome.reused.append(stage.key)
        self._finish(stage)

    def _finish(self, stage: Stage) -> None:
        self._watch(Event(EventKind.DONE, stage))
        self._frontier.finish(stage.key)

    def _fail(self, stage: Stage, failure: Failure) -> None:
        self.outcome.failed[stage.key] = failure
        self._watch(Event(EventKind.FAILED, stage, {"message": failure.message, "log": failure.log}))
        for key in self._frontier.block(stage.key):
            self.outcome.blocked.append(key)
            self._watch(Event(EventKind.BLOCKED, self._plan.stages[key]))

    def _end_hung_workers(self) -> None:
        """Kill workers of this run whose stage's lease does not beat: stopped, or stuck for good.

        A lease that the task is to take over is not its worker's: that one may wait in a queue still.
        """
        if time.monotonic() - self._looked_at_beats < LOOK_SECONDS:
            return
        self._looked_at_beats = time.monotonic()
        for task in list(self._tasks.values()):
            others = self._taken_over[task.name]
            looks = [self._stale_watch.holder(self._store.lease_path(stage)) for stage in task.stages]
            own = [(holder, stale) for holder, stale in looks if holder is not None and holder.token not in others]
            if any(stale and not holder.is_dead_here() for holder, stale in own):
                self._hung.add(task.name)
                self._executor.kill(task)

    def _remake(self, stage: Stage) -> bool:
        """Make again what `stage` could not read, where the experiment wants that, and `stage` after it."""
        execution = self._plan.experiment.execution
        if execution.damaged != "remake" or self._failures[stage.key, Cause.CORRUPT] >= REMAKES:
            return False
        self._failures[stage.key, Cause.CORRUPT] += 1
        gone = self._repair.discard_damaged_inputs(stage)
        for key in gone:
            for keys in (self.outcome.ran, self.outcome.reused):
                if key in keys:
                    keys.remove(key)
            if not self._frontier.is_open(key):
                self._watch(Event(EventKind.CORRUPT, self._plan.stages[key], {"message": "it is made again."}))
                self._frontier.reopen(key)
        self._store.failures.clear(stage)
        self._frontier.wait_for(stage.key, gone)
        return True
