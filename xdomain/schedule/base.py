"""The executor contract. Executors only start workers; all state lives in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from xdomain.core.states import Cause
from xdomain.plan.graph import Setup
from xdomain.plan.stage import StageSpec


@dataclass(frozen=True)
class Task:
    """One process's work.

    Attributes:
        name: for logs, the first stage's folder.
        stages: one base or train stage, or the evaluations of one checkpoint.
        path: its `TaskFile`.
        keeps_engine: what it starts is worth keeping for the next such task.
    """

    name: str
    stages: tuple[StageSpec, ...]
    path: Path = field(compare=False)
    keeps_engine: bool = False


@dataclass(frozen=True)
class Ended:
    """A task whose worker is gone.

    Attributes:
        task: the task.
        how: "signal 9", "exit code 1"; None where the worker went through to its end.
        cause: why it ended, as far as the executor itself knows; None where it does not.
    """

    task: Task
    how: str | None = None
    cause: Cause | None = None


class Executor(Protocol):
    """Starts workers and tells when they ended; what they achieved stands in the store."""

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        """Build what TRL checks, where stages will run, before the first one does.

        Args:
            loads_source: a stage will load the model from where it comes from, so it must be there.

        Raises:
            ConfigError: TRL refuses a setting, or the model's source cannot be reached.
        """

    def free_slots(self) -> int:
        """How many tasks could start now."""

    def submit(self, task: Task) -> None:
        """Start a worker for `task`."""

    def finished(self, timeout_seconds: float) -> Sequence[Ended]:
        """Tasks whose worker ended since the last call; waits up to `timeout_seconds` for the first."""

    def kill(self, task: Task) -> None:
        """End one task's worker at once: it hangs. `finished` tells of its end like of any other."""

    def stop(self, *, at_once: bool) -> None:
        """Tell workers to stop at their next checkpoint, or end them at once."""

    def close(self) -> None:
        """End everything that is left."""
