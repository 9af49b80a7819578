"""Run a plan: start what is ready, longest path first, until everything is done or blocked.

Several schedulers may work on one store: a stage whose lease another one holds is left to it and looked at again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xdomain.execute.base import Executor, StageRecord, Task, TaskFile
from xdomain.plan.cost import critical_path, default_weight
from xdomain.plan.graph import Graph
from xdomain.plan.spec import TaskSpec, stage_spec
from xdomain.plan.stage import EvaluateStage, Stage
from xdomain.store.lease import Holder, StaleWatch, read_holder
from xdomain.store.store import Failure, Store

POLL_SECONDS = 0.2
ATTEMPTS_AFTER_KILL = 3
"""A worker that vanished without a word (killed, machine out of memory) is started this often in one run."""


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
        self._children: dict[str, list[str]] = {key: [] for key in plan.stages}
        self._open_needs: dict[str, int] = {}
        self._ready: set[str] = set()
        self._running: dict[str, Stage] = {}
        self._attempts: dict[str, int] = {}
        self._elsewhere: dict[str, float] = {}
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
        """Run until nothing can be started any more."""
        self._begin()
        while self._ready or self._running or self._elsewhere:
            if self._stop is None:
                self._submit()
            elif not self._running:
                break
            if not self._running and not self._ready and self._elsewhere:
                time.sleep(POLL_SECONDS)
            for task in self._executor.finished(POLL_SECONDS):
                self._settle(task.stages)
                task.path.unlink(missing_ok=True)
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
                self._ready.add(key)

    def _submit(self) -> None:
        while self._ready and self._executor.free_slots() > 0:
            group = self._next_group()
            stages = []
            stale: dict[str, str] = {}
            for stage in group:
                self._ready.discard(stage.key)
                holder, free = self._stale_watch.holder(self._store.lease_path(stage))
                if not free:
                    self._elsewhere[stage.key] = 0.0
                    self._watch(Event("waiting", stage, {"pid": holder.pid if holder else None}))
                    continue
                if holder is not None:
                    stale[stage.key] = holder.token
                stages.append(stage)
            if stages:
                self._start(stages, stale)

    def _next_group(self) -> list[Stage]:
        """The most urgent ready stage; with an evaluation, all ready ones of its checkpoint (the model is loaded
        once)."""
        # Ties are broken by plan order, so that runs of one plan start alike.
        first = self._plan.stages[max(self._order(), key=lambda key: self._rank[key])]
        if not isinstance(first, EvaluateStage):
            return [first]
        return [
            stage
            for key in self._order()
            if isinstance(stage := self._plan.stages[key], EvaluateStage) and stage.checkpoint == first.checkpoint
        ]

    def _order(self) -> Iterable[str]:
        return [key for key in self._plan.stages if key in self._ready]

    def _start(self, stages: list[Stage], stale: dict[str, str]) -> None:
        execution = self._plan.experiment.execution
        records = tuple(
            StageRecord(
                kind=stage.kind,
                key=stage.key,
                title=stage.title,
                payload_json=json.dumps(stage.payload),
                needs=stage.needs,
                input_folders=tuple(self._plan.stages[need].folder for need in stage.needs),
            )
            for stage in stages
        )
        file = TaskFile(
            store=str(self._store.root.resolve()),
            device=execution.device,
            threads=execution.threads,
            task=TaskSpec(
                experiment=self._plan.experiment,
                stages=tuple(stage_spec(stage, self._plan.stages) for stage in stages),
            ),
            records=records,
            stale_tokens=stale,
        )
        path = self._task_path(stages[0])
        path.write_text(file.model_dump_json(), encoding="utf-8")
        for stage in stages:
            self._store.clear_failure(stage)
            self._running[stage.key] = stage
            self._attempts[stage.key] = self._attempts.get(stage.key, 0) + 1
            self._watch(Event("started", stage))
        self._executor.submit(Task(stages[0].folder, tuple(stages), path))

    def _task_path(self, stage: Stage) -> Path:
        attempt = self._attempts.get(stage.key, 0)
        return self._store.root / "work" / f".task-{stage.folder}-{time.time_ns()}-{attempt}.json"

    def _settle(self, stages: Iterable[Stage]) -> None:
        """Read from the store what became of stages whose worker ended."""
        done = self._store.done(stages)
        for stage in stages:
            del self._running[stage.key]
            failure = self._store.failure(stage)
            _, free = self._stale_watch.holder(self._store.lease_path(stage))
            if stage.key in done:
                self.outcome.ran.append(stage.key)
                self._finish(stage)
            elif failure is not None:
                self._fail(stage, failure)
            elif not free:
                # Another runner has it, or the worker outlived the forkserver that reported its end.
                self._elsewhere[stage.key] = 0.0
            elif self._stop is not None:
                continue
            elif self._attempts[stage.key] < ATTEMPTS_AFTER_KILL:
                self._watch(Event("retry", stage))
                self._ready.add(stage.key)
            else:
                log = str(self._store.log_path(stage))
                self._fail(stage, Failure("killed", "its worker was killed again and again (out of memory?).", log))

    def _look_elsewhere(self) -> None:
        """Stages that somebody else is at: done by now, or free to be taken?"""
        for key in list(self._elsewhere):
            stage = self._plan.stages[key]
            if self._store.done([stage]):
                del self._elsewhere[key]
                self.outcome.reused.append(key)
                self._finish(stage)
            elif self._stale_watch.holder(self._store.lease_path(stage))[1]:
                del self._elsewhere[key]
                self._ready.add(key)

    def _finish(self, stage: Stage) -> None:
        self._watch(Event("done", stage))
        for child in self._children[stage.key]:
            self._open_needs[child] -= 1
            if self._open_needs[child] == 0 and child not in self.outcome.blocked:
                self._ready.add(child)

    def _fail(self, stage: Stage, failure: Failure) -> None:
        self.outcome.failed[stage.key] = failure
        self._watch(Event("failed", stage, {"message": failure.message, "log": failure.log}))
        waiting = list(self._children[stage.key])
        while waiting:
            key = waiting.pop()
            if key not in self.outcome.blocked:
                self.outcome.blocked.append(key)
                self._watch(Event("blocked", self._plan.stages[key]))
                waiting += self._children[key]
