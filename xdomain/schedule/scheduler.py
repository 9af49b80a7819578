"""Run a plan: start ready stages, longest path first, until every stage is published or blocked.

Several schedulers may work on one store. A stage whose lease another one holds is left to it and checked again later.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.core.files import remove
from xdomain.core.states import HELD, Cause, EventKind
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec
from xdomain.schedule.attempts import Attempts
from xdomain.schedule.base import Executor, Task, TaskExit
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.hung_workers import HungWorkers
from xdomain.schedule.ready_queue import ReadyQueue
from xdomain.schedule.repair import Repair
from xdomain.schedule.task_file import task_file
from xdomain.schedule.worker_exits import WorkerExits
from xdomain.store.failures import Failure
from xdomain.store.holder import Holder, read_holder
from xdomain.store.lease import StaleWatch
from xdomain.store.optional import Decisions
from xdomain.store.session_files import SessionFiles, dead_sessions
from xdomain.store.store import Store

POLL_SECONDS = 0.2


class Scheduler:
    """The scheduler of one plan.

    Args:
        plan: Stages to run.
        store: The store.
        executor: Starts the workers.
        on_event: Called with every event, and with None whenever progress may have changed.
        stale_watch: Decides whether leases of other machines are stale; by default a new watch.
    """

    def __init__(
        self,
        plan: Graph,
        store: Store,
        executor: Executor,
        on_event: Callable[[Event | None], None],
        stale_watch: StaleWatch | None = None,
    ) -> None:
        self._plan = plan = plan.whole
        self._decisions = Decisions(plan, store)
        self._store = store
        self._executor = executor
        self._name = uuid.uuid4().hex
        self._files = SessionFiles(store.root, self._name, outlived=plan.setup.execution.executor == "slurm")
        self._on_event = on_event
        self._stale_watch = stale_watch or StaleWatch(plan.setup.execution.stale_after_seconds)
        self._ready = ReadyQueue(plan, frozenset())
        self._repair = Repair(plan, store)
        self._attempts = Attempts(plan.setup.execution)
        self._hung = HungWorkers(store, self._stale_watch)
        self._exits = WorkerExits(store)
        self._running: dict[str, StageSpec] = {}
        self._elsewhere: set[str] = set()
        self._looked_elsewhere = 0.0
        self._stopping = False
        self.outcome = RunOutcome()

    def request_stop(self) -> None:
        """Stop workers at their next checkpoint. A second call stops them at once."""
        at_once, self._stopping = self._stopping, True
        self._executor.stop(at_once=at_once)

    def running(self) -> list[tuple[StageSpec, Holder | None]]:
        """Return the stages that this scheduler started, each with the holder of its lease, which has its progress."""
        return [(stage, read_holder(self._store.lease_path(stage))) for stage in self._running.values()]

    def run(self) -> RunOutcome:
        """Run until no further stage can start.

        Raises:
            StoreError: The store can no longer be written.
        """
        try:
            return self._run()
        except OSError as error:
            raise StoreError(
                f"can no longer be written: {error.strerror or error}.",
                where=str(self._store.root),
                fix="Free disk space and repeat the command, which continues. Finished stages are kept.",
            ) from error
        finally:
            self._files.close()

    def _run(self) -> RunOutcome:
        self._begin()
        while self._ready or self._running or self._elsewhere:
            if not self._stopping:
                self._submit()
            elif not self._running:
                break
            if not self._running and not self._ready and self._elsewhere:
                time.sleep(POLL_SECONDS)
            for ended in self._executor.finished(POLL_SECONDS):
                self._settle(ended)
                ended.task.path.unlink(missing_ok=True)
            self._look_elsewhere()
            for task in self._hung.find():
                self._executor.kill(task)
            self._on_event(None)
        self.outcome.interrupted = self._stopping
        return self.outcome

    def _begin(self) -> None:
        for folder in dead_sessions(self._store.root, with_jobs=False):
            remove(folder)
        stages = self._plan.stages.values()
        done = self._store.done(stages)
        if self._plan.setup.execution.damaged == "remake":
            corrupt = self._repair.discard_damaged_records([stage for stage in stages if stage.key in done])
            for key in corrupt:
                self._tell_of_corruption(key)
            done -= corrupt
        self.outcome.reused = [key for key in self._plan.stages if key in done]
        self._ready = ReadyQueue(self._plan, done)

    def _submit(self) -> None:
        while self._ready and self._executor.free_slots() > 0:
            stale: dict[str, str] = {}
            stages = [stage for stage in self._ready.take() if self._can_start(stage, stale)]
            if stages:
                self._start(stages, stale)

    def _can_start(self, stage: StageSpec, stale: dict[str, str]) -> bool:
        """Return whether this session should start a ready stage.

        The token of a stale lease on it is added to `stale`, by stage key.
        """
        try:
            if self._is_unneeded(stage):
                return False
        except DamagedArtifact as error:
            self._fail(stage, Failure(Cause.CORRUPT, error.paragraph(), ""))
            return False
        if self._store.done([stage]):
            self._found_done(stage)  # another session has published it since the last check
            return False
        held = self._store.failures.held(stage)
        if held is not None:
            if held.cause is Cause.CANCELLED:
                held = replace(held, message="it was cancelled. `xdomain grid retry` undoes that.")
            self._fail(stage, held)
            return False
        holder, free = self._stale_watch.holder(self._store.lease_path(stage))
        if not free:
            self._elsewhere.add(stage.key)
            self._on_event(Event(EventKind.WAITING, stage, {"pid": holder.pid if holder else None}))
            return False
        if holder is not None:
            stale[stage.key] = holder.token
        return True

    def _is_unneeded(self, stage: StageSpec) -> bool:
        """Return whether a ready stage is optional and not needed; it is settled together with those that read it."""
        optional = self._plan.optional.get(stage.key)
        if optional is None or self._decisions.needed(optional):
            return False
        for key in (stage.key, *self._ready.block(stage.key)):
            self.outcome.not_needed.append(key)
            self._on_event(Event(EventKind.NOT_NEEDED, self._plan.stages[key]))
        return True

    def _start(self, stages: list[StageSpec], stale: dict[str, str]) -> None:
        file = task_file(self._plan, self._store, stages, stale, self._name)
        path = self._files.write(stages[0].folder, file.model_dump_json())
        for stage in stages:
            self._store.failures.clear(stage)
            self._running[stage.key] = stage
            self._on_event(Event(EventKind.STARTED, stage))
        task = Task(stages[0].folder, tuple(stages), path)
        self._hung.add(task, stale.values())
        self._executor.submit(task)

    def _settle(self, ended: TaskExit) -> None:
        """Read the results of the stages of an ended task from the store."""
        hung = self._hung.remove(ended.task)
        done = self._store.done(ended.task.stages)
        unexplained = self._exits.explain(ended, hung=hung)
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
                # Another session has it, or the worker outlived the fork server that reported its exit. (If the
                # executor knows that a machine was lost, it gives the cause, and the next start waits for the lease.)
                self._elsewhere.add(stage.key)
            elif not self._stopping:
                self._retry_or_fail(stage, unexplained)

    def _retry_or_fail(self, stage: StageSpec, failure: Failure) -> None:
        if failure.cause is Cause.CORRUPT and self._rebuild_inputs(stage):
            return
        if failure.cause not in HELD:
            self._store.failures.note_attempt(stage, failure.cause)
            if self._attempts.may_retry(stage, failure.cause) and not self._stopping:
                self._on_event(Event(EventKind.RETRY, stage, {"message": failure.message}))
                self._ready.make_ready(stage.key)
                return
        self._store.failures.record(stage, failure)
        self._fail(stage, failure)

    def _rebuild_inputs(self, stage: StageSpec) -> bool:
        """Rebuild the inputs that `stage` could not read, and run `stage` after them.

        Returns:
            False if the experiment does not allow it.
        """
        if not self._attempts.may_rebuild(stage):
            return False
        gone = self._repair.discard_damaged_inputs(stage)
        for key in gone:
            self.outcome.withdraw(key)
            if not self._ready.is_open(key):
                self._tell_of_corruption(key)
                self._ready.reopen(key)
        self._store.failures.clear(stage)
        self._ready.wait_for(stage.key, gone)
        return True

    def _tell_of_corruption(self, key: str) -> None:
        self._on_event(Event(EventKind.CORRUPT, self._plan.stages[key], {"message": "it is made again."}))

    def _look_elsewhere(self) -> None:
        """Check whether stages that another session holds are published by now, or can be taken over."""
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
                self._ready.make_ready(key)

    def _found_done(self, stage: StageSpec) -> None:
        self.outcome.reused.append(stage.key)
        self._finish(stage)

    def _finish(self, stage: StageSpec) -> None:
        self._on_event(Event(EventKind.DONE, stage))
        self._ready.finish(stage.key)

    def _fail(self, stage: StageSpec, failure: Failure) -> None:
        self.outcome.failed[stage.key] = failure
        self._on_event(Event(EventKind.FAILED, stage, {"message": failure.message, "log": failure.log}))
        for key in self._ready.block(stage.key):
            if key in self._plan.optional and stage.key not in self._plan.optional:
                continue  # undecided, because the stage that decides did not run
            self.outcome.blocked.append(key)
            self._on_event(Event(EventKind.BLOCKED, self._plan.stages[key]))
