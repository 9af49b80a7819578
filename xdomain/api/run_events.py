"""Events of a session: the lines of `grid run --json` and what `Session.run` tells its callback. Every field is always
there.

docs/reference/run-events.schema.json is generated from these models.
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
"""Between two `progress` events; leases are written as often."""


class RunBegun(ConfigModel):
    """The first line."""

    event: Literal["begun"] = "begun"
    seconds: float
    experiment: str
    store: str
    stages: int
    done: int
    """Stages that were in the store before."""


class StageEvent(ConfigModel):
    """Something became of a stage."""

    event: Literal["started", "done", "retry", "failed", "damaged", "blocked", "waiting"]
    """`retry`: it ended without a result and will be started again; `damaged`: what it published is, and it is made
    again; `blocked`: what it needs failed; `waiting`: another runner has it, or a cluster has no place for it
    (`message`)."""
    seconds: float
    """Since the run began."""
    key: str
    kind: Literal["base", "train", "evaluate"]
    title: str
    folder: str
    message: str | None
    """Why, where something went wrong."""
    log: str | None
    """Path of the log of a stage that failed."""


class StageProgress(ConfigModel):
    """How far a running stage is; at most every two seconds a stage, and only when it got further."""

    event: Literal["progress"] = "progress"
    seconds: float
    key: str
    title: str
    done: int
    """Optimizer steps, or items."""
    total: int
    seconds_per_unit: float | None
    """Seconds a step or an item took, on average since its worker began; null before the second."""
    rewards: dict[str, float | None]
    """Mean reward of the latest step by domain; null where the domain had no sample in it."""
    alarm: str | None
    """The stage's last alarm."""


class StageFailure(ConfigModel):
    """Why a stage failed."""

    cause: str
    message: str
    log: str


class RunEnded(ConfigModel):
    """The last line."""

    event: Literal["ended"] = "ended"
    seconds: float
    ran: tuple[str, ...]
    """Keys of the stages that this run brought to their end."""
    reused: tuple[str, ...]
    failed: dict[str, StageFailure]
    blocked: tuple[str, ...]
    interrupted: bool


RunEvent = RunBegun | StageEvent | StageProgress | RunEnded
RUN_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)


class EventObserver(RunObserver):
    """Makes events of what a session tells, and hands each to a callback.

    Args:
        tell: is called with each event, in the thread that runs the session.
    """

    def __init__(self, tell: Callable[[RunEvent], None]) -> None:
        self._tell = tell
        self._titles: dict[str, str] = {}
        self._begun = self._told = time.monotonic()
        self._scheduler: Scheduler | None = None
        self._steps: dict[str, int] = {}

    def seconds(self) -> float:
        """Return the seconds since the session began."""
        return time.monotonic() - self._begun

    def begin(self, graph: Graph, store: Store) -> None:
        self._begun = self._told = time.monotonic()
        self._titles = {key: stage.title for key, stage in graph.stages.items()}
        name, stages = graph.setup.name, graph.stages
        done = len(store.done(stages.values()))
        self._tell(RunBegun(seconds=0.0, experiment=name, store=str(store.root), stages=len(stages), done=done))

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
        return StageEvent.model_validate({**values, "key": stage.key, "title": stage.title, **told})


Progress = Callable[[RunEvent], None] | RunObserver
"""A callback for events, or an observer that sees the scheduler too."""


def as_observer(progress: Progress | None) -> RunObserver:
    """Return an observer that hands events to a callback; one that does nothing for None."""
    if isinstance(progress, RunObserver):
        return progress
    return EventObserver(progress) if progress else RunObserver()


def alarm_text(alarm: Mapping[str, Any]) -> str:
    """Return an alarm's message, or its values."""
    return str(alarm.get("message") or ", ".join(f"{name} {value}" for name, value in alarm.items()))
