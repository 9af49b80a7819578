"""Decide which failures are worth another attempt in this session."""

from __future__ import annotations

from collections import Counter

from xdomain.config.execution import ExecutionConfig
from xdomain.core.states import Cause
from xdomain.plan.stage import StageSpec

REBUILDS = 2
"""Number of times that a stage is tried again because one of its inputs was corrupt."""


class Attempts:
    """Failed attempts of this session, by stage and cause.

    Args:
        execution: Execution settings, of which `retries` and `damaged` are used.
    """

    def __init__(self, execution: ExecutionConfig) -> None:
        self._execution = execution
        self._failed: Counter[tuple[str, Cause]] = Counter()

    def may_retry(self, stage: StageSpec, cause: Cause) -> bool:
        """Count a failed attempt, and return whether the stage may start again."""
        self._failed[stage.key, cause] += 1
        return self._failed[stage.key, cause] <= self._execution.retries.after(cause)

    def may_rebuild(self, stage: StageSpec) -> bool:
        """Return whether corrupt inputs of a stage may be rebuilt. If so, count the attempt."""
        if self._execution.damaged != "remake" or self._failed[stage.key, Cause.CORRUPT] >= REBUILDS:
            return False
        self._failed[stage.key, Cause.CORRUPT] += 1
        return True
