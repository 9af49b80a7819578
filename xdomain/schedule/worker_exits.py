"""Find out why a worker exited without publishing a result or an error."""

from __future__ import annotations

import time
from collections import deque

from xdomain.core.states import Cause
from xdomain.schedule.base import TaskExit
from xdomain.schedule.memory import memory_kills
from xdomain.store.failures import Failure
from xdomain.store.store import Store

FULL_DISK_BYTES = 1 << 20
"""Free disk space in bytes below which a worker cannot write its error."""

DYING_SECONDS = 60.0
"""Longest time in seconds between an out-of-memory kill and the exit of its process; the kernel counts first."""


class WorkerExits:
    """Explanations of worker exits, based on a running count of the system's out-of-memory kills."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted = memory_kills()
        self._unexplained: deque[float] = deque()  # when each kill was noticed whose exit is not known yet

    def explain(self, ended: TaskExit, *, hung: bool) -> Failure:
        """Return the failure to record for the stages that a worker did not publish.

        Args:
            ended: Exit of the worker.
            hung: Whether the scheduler killed the worker because it hung.
        """
        log = str(self._store.log_path(ended.task.stages[0]))
        if hung:
            return Failure(Cause.KILLED, "its worker hung and was killed: its lease no longer beat.", log)
        if ended.how and self._store.free_bytes() < FULL_DISK_BYTES:
            return Failure(Cause.ERROR, f"its worker ended with {ended.how} and the store's disk is full.", log)
        if ended.cause is not None:
            return Failure(ended.cause, f"its worker ended: {ended.how}.", log)
        self._notice_memory_kills()
        if ended.how == "signal 9" and self._unexplained:
            self._unexplained.popleft()
            return Failure(Cause.OUT_OF_MEMORY, "the system killed its worker because memory ran out.", log)
        if ended.how:
            return Failure(Cause.KILLED, f"its worker ended with {ended.how} and reported no error.", log)
        return Failure(Cause.KILLED, "its worker exited without publishing a result or an error.", log)

    def _notice_memory_kills(self) -> None:
        """Keep each new kill until its exit is seen: another worker may exit first."""
        before, self._counted = self._counted, memory_kills()
        now = time.monotonic()
        if before is not None and self._counted is not None:
            self._unexplained.extend([now] * (self._counted - before))
        while self._unexplained and now - self._unexplained[0] > DYING_SECONDS:
            self._unexplained.popleft()
