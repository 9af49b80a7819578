"""The executor for debugging, which runs every task in the current process, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdomain.plan.graph import Setup
from xdomain.plan.task import TaskFile
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.worker_door import backend_cache, run_preflight, run_task


class InlineExecutor:
    """An executor that runs each task inside `submit`, so that breakpoints work."""

    def __init__(self) -> None:
        self._finished: list[TaskExit] = []
        self._cache: Any = None

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        run_preflight(setup, loads_source=loads_source)

    def free_slots(self) -> int:
        return 0 if self._finished else 1

    def submit(self, task: Task) -> None:
        file = TaskFile.model_validate_json(task.path.read_text(encoding="utf-8"))
        run_task(file, self._cache_for(task))
        self._finished.append(TaskExit(task))

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        done, self._finished = self._finished, []
        return done

    def kill(self, task: Task) -> None:
        """Do nothing: a task that hangs also blocks the caller."""

    def stop(self, *, at_once: bool) -> None:
        """Do nothing: no task runs between calls."""

    def close(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _cache_for(self, task: Task) -> Any:
        """Return the backend cache for the task. Training first frees the memory of a cached engine."""
        if not task.keeps_engine:
            self.close()
        elif self._cache is None:
            self._cache = backend_cache()
        return self._cache
