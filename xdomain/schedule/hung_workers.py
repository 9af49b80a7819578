"""Find workers of this session that hang. Their leases no longer beat."""

from __future__ import annotations

import time
from collections.abc import Collection

from xdomain.schedule.base import Task
from xdomain.store.lease import StaleWatch
from xdomain.store.store import Store

LOOK_SECONDS = 2.0
"""Time between two checks of the leases."""


class HungWorkers:
    """A watch over the leases of the tasks that this session started.

    Args:
        store: The store.
        stale_watch: Decides whether a lease still beats.
    """

    def __init__(self, store: Store, stale_watch: StaleWatch) -> None:
        self._store = store
        self._stale_watch = stale_watch
        self._tasks: dict[str, Task] = {}
        self._taken_over: dict[str, frozenset[str]] = {}
        self._hung: set[str] = set()
        self._looked = 0.0

    def add(self, task: Task, taken_over: Collection[str]) -> None:
        """Start watching a task.

        Args:
            task: The task, which is about to start.
            taken_over: Tokens of stale leases that its worker will take over. While the task waits in a queue, the
                leases still have these tokens, which does not mean that the worker hangs.
        """
        self._tasks[task.name] = task
        self._taken_over[task.name] = frozenset(taken_over)

    def remove(self, task: Task) -> bool:
        """Stop watching a task that ended. Return whether its worker had hung."""
        del self._tasks[task.name], self._taken_over[task.name]
        hung = task.name in self._hung
        self._hung.discard(task.name)
        return hung

    def find(self) -> list[Task]:
        """Return the tasks whose worker hangs. The leases are checked only every `LOOK_SECONDS`."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return []
        self._looked = time.monotonic()
        found = [task for task in self._tasks.values() if self._hangs(task)]
        self._hung.update(task.name for task in found)
        return found

    def _hangs(self, task: Task) -> bool:
        for stage in task.stages:
            holder, stale = self._stale_watch.holder(self._store.lease_path(stage))
            if holder is None or holder.token in self._taken_over[task.name]:
                continue
            if stale and not holder.is_dead_here():
                return True
        return False
