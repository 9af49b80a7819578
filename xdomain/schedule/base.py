"""The contract of executors. They only start workers; all state lives in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from xdomain.config.backend import KEEPS_ENGINE
from xdomain.core.states import Cause
from xdomain.plan.graph import Setup
from xdomain.plan.stage import EvaluateStage, Purpose, StageSpec


@dataclass(frozen=True)
class Task:
    """The work of one process.

    Attributes:
        name: The first stage's folder, for logs.
        stages: One base or train stage, or the evaluations of one checkpoint.
        path: The `TaskFile`.
    """

    name: str
    stages: tuple[StageSpec, ...]
    path: Path = field(compare=False)

    @property
    def keeps_engine(self) -> bool:
        """Whether the engine that it starts is worth keeping for the next such task."""
        first = self.stages[0]
        if not isinstance(first, EvaluateStage) or first.purpose is not Purpose.REPORT:
            return False
        return first.settings.backend in KEEPS_ENGINE


@dataclass(frozen=True)
class TaskExit:
    """The end of a task's worker.

    Attributes:
        task: The task.
        how: "signal 9" or "exit code 1"; None if the worker ran to its end.
        cause: Why it ended; None if the executor does not know.
    """

    task: Task
    how: str | None = None
    cause: Cause | None = None


class Executor(Protocol):
    """Starts workers and reports their ends. What they achieved is in the store."""

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        """Check settings and data where its stages will run, before the first one does.

        Args:
            loads_source: Whether a stage will load the model from its source, which must then be readable.

        Raises:
            ConfigError: TRL refuses a setting, or the model's source cannot be reached.
        """

    def free_slots(self) -> int:
        """Return how many tasks could start now."""

    def submit(self, task: Task) -> None:
        """Start a worker for `task`."""

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        """Return the exits since the last call; wait up to `timeout_seconds` for the first."""

    def kill(self, task: Task) -> None:
        """End the worker of a task at once, because it hangs. `finished` reports this exit too."""

    def stop(self, *, at_once: bool) -> None:
        """Tell workers to stop at their next checkpoint, or end them at once."""

    def close(self) -> None:
        """End every worker that is left."""
