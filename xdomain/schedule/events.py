"""Events and result of a session."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from xdomain.core.states import EventKind
from xdomain.plan.stage import StageSpec
from xdomain.store.failures import Failure


@dataclass(frozen=True)
class Event:
    """Something that happened to a stage."""

    kind: EventKind
    stage: StageSpec
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class RunOutcome:
    """Result of a session.

    Attributes:
        ran: Keys of the stages that this session completed.
        reused: Keys of the stages that were in the store before, or that another session published meanwhile.
        failed: Failure of each failed stage, by key.
        blocked: Keys of the stages that cannot run because of a failure.
        not_needed: Keys of the optional stages that do not run, because no alarm called for them.
        interrupted: Whether the session was stopped on request.
    """

    ran: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    not_needed: list[str] = field(default_factory=list)
    interrupted: bool = False

    def finished(self, stages: Container[str]) -> int:
        """Return how many of `stages`, given by key, are published."""
        return sum(key in stages for key in (*self.ran, *self.reused))

    def withdraw(self, key: str) -> None:
        """Count a stage as neither run nor reused, because it must be rebuilt."""
        for keys in (self.ran, self.reused):
            if key in keys:
                keys.remove(key)
