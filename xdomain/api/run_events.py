"""Events of a session: the lines of `grid run --json`, and the arguments of `Session.run`'s callback.

Every field is always present. docs/reference/run-events.schema.json is generated from these models.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from xdomain.api.running import RunObserver
from xdomain.config.model_base import ConfigModel
from xdomain.plan.graph import Graph
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.store import Store

PROGRESS_SECONDS = 2.0
"""Time between two `progress` events. Leases are written with the same period."""


class RunBegun(ConfigModel):
    """The first event of a session."""

    event: Literal["begun"] = "begun"
    seconds: float
    experiment: str
    store: str
    stages: int
    """Number of planned stages, without optional ones."""
    optional: int
    """Number of stages that run only if an alarm calls for them."""
    done: int
    """Number of stages that were in the store before."""


class StageEvent(ConfigModel):
    """A change in the state of a stage."""

    event: Literal["started", "done", "retry", "failed", "damaged", "blocked", "waiting", "not needed"]
    """Kind of the change. `retry`: the stage ended without a result and will be started again. `damaged`: a published
    file of the stage is corrupt, and the stage is rebuilt. `blocked`: a stage that it needs failed. `waiting`: another
    session has the stage, or a cluster has no free resources for it (see `message`). `not needed`: no alarm called for
    the optional stage, so it does not run."""
    seconds: float
    """Seconds since the session began."""
    key: str
    kind: Literal["base", "train", "merge", "rollback", "evaluate"]
    title: str
    folder: str
    optional: bool
    """Whether the stage runs only if an alarm calls for it."""
    message: str | None
    """Reason, if something went wrong."""
    log: str | None
    """Path of the log, for a stage that failed."""


class StageProgress(ConfigModel):
    """The progress of a running stage. It is sent at most every two seconds per stage, and only if it changed."""

    event: Literal["progress"] = "progress"
    seconds: float
    key: str
    title: str
    done: int
    """Number of finished optimizer steps or items."""
    total: int
    seconds_per_unit: float | None
    """Mean seconds per step or item since the worker began; null before the second one."""
    rewards: dict[str, float | None]
    """Mean reward of the latest step by domain; null if the domain had no sample in it."""
    alarm: str | None
    """Last alarm of the stage."""


class StageFailure(ConfigModel):
    """The failure of a stage."""

    cause: str
    message: str
    log: str


class RunEnded(ConfigModel):
    """The last event of a session."""

    event: Literal["ended"] = "ended"
    seconds: float
    ran: tuple[str, ...]
    """Keys of the stages that this session completed."""
    reused: tuple[str, ...]
    failed: dict[str, StageFailure]
    blocked: tuple[str, ...]
    not_needed: tuple[str, ...]
    """Keys of the optional stages that do not run, because no alarm called for them."""
    interrupted: bool


RunEvent = RunBegun | StageEvent | StageProgress | RunEnded
RUN_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)


class EventObserver(RunObserver):
    """An observer that passes the events of a session to a callback.

    Args:
        tell: Callback, which is called with each event in the thread that runs the session.
    """

    def __init__(self, tell: Callable[[RunEvent], None]) -> None:
        self._tell = tell
        self._titles: dict[str, str] = {}
        self._optional: frozenset[str] = frozenset()
        self._begun = self._told = time.monotonic()
        self._scheduler: Scheduler | None = None
        self._steps: dict[str, int] = {}

    def seconds(self) -> float:
        """Return the seconds since the session began."""
        return time.monotonic() - self._begun

    def begin(self, graph: Graph, store: Store) -> None:
        self._begun = self._told = time.monotonic()
        self._titles = {key: stage.title for key, stage in graph.whole.stages.items()}
        self._optional = frozenset(graph.optional)
        counts = {"stages": len(graph.stages), "optional": len(graph.optional)}
        done = len(store.done(graph.stages.values()))
        self._tell(RunBegun(seconds=0.0, experiment=graph.setup.name, store=str(store.root), done=done, **counts))

    def schedule(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def watch(self, event: Event | None) -> None:
        if event is not None:
            self._tell(self._stage_event(event))
        elif self._scheduler is not None and (now := time.monotonic()) - self._told > PROGRESS_SECONDS:
            self._told = now
            for stage, holder in self._scheduler.running():
                progress = holder.progress if holder else {}
                if progress.get("done", 0) > self._steps.get(stage.key, 0):
                    self._steps[stage.key] = progress["done"]
                    self._tell(self._progress(stage.key, progress))

    def end(self, outcome: RunOutcome) -> None:
        failed = {key: StageFailure(**failure.__dict__) for key, failure in outcome.failed.items()}
        self._tell(
            RunEnded(
                seconds=self.seconds(),
                ran=tuple(outcome.ran),
                reused=tuple(outcome.reused),
                failed=failed,
                blocked=tuple(outcome.blocked),
                not_needed=tuple(outcome.not_needed),
                interrupted=outcome.interrupted,
            )
        )

    def _progress(self, key: str, progress: Mapping[str, Any]) -> StageProgress:
        return StageProgress(
            seconds=self.seconds(),
            key=key,
            title=self._titles[key],
            done=progress["done"],
            total=progress["total"],
            seconds_per_unit=progress.get("seconds_per_unit"),
            rewards=progress.get("rewards") or {},
            alarm=alarm_text(progress["alarm"]) if "alarm" in progress else None,
        )

    def _stage_event(self, event: Event) -> StageEvent:
        stage = event.stage
        values = {"event": event.kind, "seconds": self.seconds(), "kind": stage.kind.value, "folder": stage.folder}
        told = {name: event.detail.get(name) for name in ("message", "log")}
        own = {"key": stage.key, "title": stage.title, "optional": stage.key in self._optional}
        return StageEvent.model_validate({**values, **own, **told})


Progress = Callable[[RunEvent], None] | RunObserver
"""A callback for events, or an observer, which also gets the scheduler."""


def as_observer(progress: Progress | None) -> RunObserver:
    """Return an observer that passes events to a callback; for None, an observer that does nothing."""
    if isinstance(progress, RunObserver):
        return progress
    return EventObserver(progress) if progress else RunObserver()


def alarm_text(alarm: Mapping[str, Any]) -> str:
    """Return the message of an alarm, or its values if it has none."""
    return str(alarm.get("message") or ", ".join(f"{name} {value}" for name, value in alarm.items()))


def optional_in_words(graph: Graph, outcome: RunOutcome) -> str:
    """Return "; optional: 4 of 24 done, 16 not needed"; "" for a graph without optional stages."""
    if not graph.optional:
        return ""
    done, unneeded = outcome.finished(graph.optional), len(outcome.not_needed)
    return f"; optional: {done} of {len(graph.optional)} done, {unneeded} not needed"
