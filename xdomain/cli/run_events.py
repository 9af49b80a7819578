"""The lines of `grid run --json`: what happened, one JSON object a line, every field always there.

docs/reference/run-events.schema.json is generated from these models.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

from pydantic import TypeAdapter

from xdomain.config.model_base import ConfigModel


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


class EventLines:
    """Writes events to stdout. A reader that went away does not end a run of days."""

    def __init__(self) -> None:
        self._open = True

    def write(self, event: RunEvent) -> None:
        if not self._open:
            return
        try:
            sys.stdout.write(event.model_dump_json() + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._open = False
            # Python would complain once more when it flushes stdout at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
