"""States of stages, causes of their failures and kinds of events. Files and `--json` contain the values."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """The cause that ended an attempt at a stage without a result."""

    KILLED = "killed"
    """The worker disappeared, because of a signal, a lost machine or a time limit."""
    OUT_OF_MEMORY = "out of memory"
    ERROR = "error"
    """The stage raised an error."""
    CORRUPT = "damaged"
    """A published file that the stage reads has another digest, or is missing."""
    CANCELLED = "cancelled"
    """A user cancelled the stage, so that it does not run until `grid retry`."""
    ALARM = "alarm"
    """An alarm stopped the stage. It does not run until `grid retry`."""


HELD = frozenset({Cause.CANCELLED, Cause.ALARM})
"""Causes after which a stage does not run until `grid retry`."""


class StageState(StrEnum):
    """The state of a planned stage in the store."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    WAITING = "waiting"
    NOT_NEEDED = "not needed"
    """No alarm called for the optional stage."""


class EventKind(StrEnum):
    """The kind of an event during a session."""

    STARTED = "started"
    DONE = "done"
    RETRY = "retry"
    """The stage ended without a result and will be started again."""
    FAILED = "failed"
    CORRUPT = "damaged"
    """A published file of the stage is corrupt, and the stage is rebuilt."""
    BLOCKED = "blocked"
    """A stage that this one needs failed."""
    WAITING = "waiting"
    """Another session has the stage, or a cluster has no free resources for it."""
    NOT_NEEDED = "not needed"
    """No alarm called for the optional stage, so it does not run."""


class NoteKind(StrEnum):
    """The kind of an event that a running stage reports."""

    ALARM = "alarm"
    GENERATION = "generation"
    MONITORING = "monitoring"
    """A domain or stage cannot be monitored for alarms."""
    TRACKER = "tracker"
