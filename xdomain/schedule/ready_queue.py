"""Hand out the stages of a plan that can start now, most urgent first.

The work per finished stage does not grow with the plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from xdomain.plan.cost import critical_path, default_weight
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec, TaskGroup


class ReadyQueue:
    """The open stages of a plan, and the stages that each of them still waits for.

    Args:
        plan: All stages.
        done: Keys of the stages that are published.
    """

    def __init__(self, plan: Graph, done: frozenset[str]) -> None:
        self._plan = plan
        self._rank = critical_path(plan, default_weight)
        self._place = {key: place for place, key in enumerate(plan.stages)}
        self._children: dict[str, list[str]] = {key: [] for key in plan.stages}
        self._unmet: dict[str, set[str]] = {}
        self._open = {key for key in plan.stages if key not in done}
        self._ready: set[str] = set()
        # Ready stages, most urgent first. A stage that was taken together with its group stays here and is skipped.
        self._queue: list[tuple[float, int, str]] = []
        self._ready_groups: dict[TaskGroup, set[str]] = {}
        self._blocked: set[str] = set()
        for key, stage in plan.stages.items():
            if key in done:
                continue
            needs = [need for need in stage.needs if need in plan.stages]  # its other inputs are published
            for need in needs:
                self._children[need].append(key)
            self._unmet[key] = {need for need in needs if need not in done}
            if not self._unmet[key]:
                self.make_ready(key)

    def __bool__(self) -> bool:
        return bool(self._ready)

    def make_ready(self, key: str) -> None:
        """Put a stage into the queue, for the first time or again."""
        self._ready.add(key)
        # Ties are broken by plan order, so that sessions of one plan start stages in the same order.
        heappush(self._queue, (-self._rank[key], self._place[key], key))
        group = self._plan.stages[key].task_group
        if group is not None:
            self._ready_groups.setdefault(group, set()).add(key)

    def take(self) -> list[StageSpec]:
        """Take the most urgent ready stage.

        If it is an evaluation, all ready evaluations of its checkpoint are taken, so that one task loads the model once
        for all of them.
        """
        while (key := heappop(self._queue)[2]) not in self._ready:
            continue
        group = self._plan.stages[key].task_group
        keys = {key} if group is None else self._ready_groups.pop(group)
        self._ready -= keys
        return [self._plan.stages[key] for key in sorted(keys, key=self._place.__getitem__)]

    def finish(self, key: str) -> None:
        """Count a stage as published, so that stages that waited only for it may start."""
        self._open.discard(key)
        for child in self._children[key]:
            if key in self._unmet[child]:
                self._unmet[child].remove(key)
                if not self._unmet[child] and child not in self._blocked:
                    self.make_ready(child)

    def wait_for(self, key: str, needs: Iterable[str]) -> None:
        """Queue a stage that could not read `needs` once they are published again; at once if `needs` is empty."""
        for need in needs:
            self._unmet[key].add(need)
            if key not in self._children[need]:
                self._children[need].append(key)
        if not self._unmet[key]:
            self.make_ready(key)

    def is_open(self, key: str) -> bool:
        """Return whether this queue counts a stage as not published yet."""
        return key in self._open

    def reopen(self, key: str) -> None:
        """Count a stage as no longer published. It may start, and the stages that read it wait."""
        for child in self._children[key]:
            if child in self._ready or self._unmet[child]:
                self._unmet[child].add(key)
                self._ready.discard(child)
                group = self._plan.stages[child].task_group
                if group in self._ready_groups:
                    self._ready_groups[group].discard(child)
        self._open.add(key)
        self._unmet.setdefault(key, set())
        self.make_ready(key)

    def block(self, key: str) -> list[str]:
        """Count a stage as failed. Return the keys of the stages that can no longer start."""
        newly = []
        waiting = list(self._children[key])
        while waiting:
            child = waiting.pop()
            if child not in self._blocked:
                self._blocked.add(child)
                newly.append(child)
                waiting += self._children[child]
        return newly
