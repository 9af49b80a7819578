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
        name: Folder name of the first stage, used in logs.
        stages: One base or train stage, or the evaluations of one checkpoint.
        path: Path of the `TaskFile`.
    """

    name: str
    stages: tuple[StageSpec, ...]
    path: Path = field(compare=False)

    @property
    def keeps_engine(self) -> bool:
        """Whether the task starts an engine that is worth keeping for the next such task."""
        first = self.stages[0]
        if not isinstance(first, EvaluateStage) or first.purpose is not Purpose.REPORT:
            return False
        return first.settings.backend in KEEPS_ENGINE


@dataclass(frozen=True)
class TaskExit:
    """The end of a task's worker.

    Attributes:
        task: The task.
        how: Description of an abnormal exit, "signal 9" or "exit code 1"; None if the worker ran to its end.
        cause: Cause of the exit; None if the executor does not know it.
    """

    task: Task
    how: str | None = None
    cause: Cause | None = None


class Executor(Protocol):
    """A way to start workers, which reports when they exit. Their results are in the store."""

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        """Check settings and data on the machine where stages will run, before the first one starts.

        Args:
            setup: Sections of the experiment that training or evaluation uses.
            loads_source: Whether a stage will load the model from its source, which must then be readable.

        Raises:
            ConfigError: TRL refuses a setting, or the model's source cannot be reached.
        """

    def free_slots(self) -> int:
        """Return how many tasks could start now."""

    def submit(self, task: Task) -> None:
        """Start a worker for `task`."""

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        """Return the exits since the last call. Wait up to `timeout_seconds` for the first one."""

    def kill(self, task: Task) -> None:
        """Kill the worker of a task, because it hangs. `finished` reports this exit too."""

    def stop(self, *, at_once: bool) -> None:
        """Ask workers to stop at their next checkpoint, or kill them if `at_once`."""

    def close(self) -> None:
        """End every remaining worker."""
