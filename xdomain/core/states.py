"""States of stages, causes of their failures and kinds of events, with the words that files and `--json` store."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why an attempt at a stage ended without a result."""

    KILLED = "killed"
    """Its worker vanished: a signal, a lost machine, a time limit."""
    OUT_OF_MEMORY = "out of memory"
    ERROR = "error"
    """The stage itself raised."""
    CORRUPT = "damaged"
    """A published file that the stage reads has another digest, or is gone."""
    CANCELLED = "cancelled"
    """A user asked that the stage be left alone until `grid retry`."""


class StageState(StrEnum):
    """Where a stage of a plan stands in the store."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    WAITING = "waiting"


class EventKind(StrEnum):
    """What happened to a stage during a session."""

    STARTED = "started"
    DONE = "done"
    RETRY = "retry"
    """The stage ended without a result and will be started again."""
    FAILED = "failed"
    CORRUPT = "damaged"
    """What the stage published is corrupt, and the stage is made again."""
    BLOCKED = "blocked"
    """A stage that it needs failed."""
    WAITING = "waiting"
    """Another runner has the stage, or a cluster has no place for it."""


class NoteKind(StrEnum):
    """What a running stage reports besides its progress."""

    ALARM = "alarm"
    GENERATION = "generation"
    TRACKER = "tracker"
