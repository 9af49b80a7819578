"""Hand out the stages of a plan that can start now, most urgent first.

The work per finished stage does not grow with the plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from xdomain.config.experiment import Experiment
from xdomain.plan.cost import critical_path, default_weight
from xdomain.plan.graph import Graph
from xdomain.plan.stage import CheckpointRef, EvaluateStage, Stage


class ReadyQueue:
    """The open stages of a plan, and what each of them still waits for.

    Args:
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
        # Ready stages, most urgent first; one that was taken with its group stays behind and is skipped.
        self._queue: list[tuple[float, int, str]] = []
        self._ready_evaluations: dict[tuple[CheckpointRef, int], set[str]] = {}
        self._experiments: list[Experiment] = []
        self._blocked: set[str] = set()
        for key, stage in plan.stages.items():
            if key in done:
                continue
            for need in stage.needs:
                self._children[need].append(key)
            self._unmet[key] = {need for need in stage.needs if need not in done}
            if not self._unmet[key]:
                self.make_ready(key)

    def __bool__(self) -> bool:
        return bool(self._ready)

    def make_ready(self, key: str) -> None:
        """Let a stage start (again)."""
        self._ready.add(key)
        # Ties are broken by plan order, so that runs of one plan start alike.
        heappush(self._queue, (-self._rank[key], self._place[key], key))
        stage = self._plan.stages[key]
        if isinstance(stage, EvaluateStage):
            self._ready_evaluations.setdefault(self._group(stage), set()).add(key)

    def take(self) -> list[Stage]:
        """Take the most urgent ready stage. With an evaluation, take all ready ones of its checkpoint, because one task
        loads the model once for all of them."""
        while (key := heappop(self._queue)[2]) not in self._ready:
            continue
        first = self._plan.stages[key]
        keys = {key}
        if isinstance(first, EvaluateStage):
            keys = self._ready_evaluations.pop(self._group(first))
        self._ready -= keys
        return [self._plan.stages[key] for key in sorted(keys, key=self._place.__getitem__)]

    def _group(self, stage: EvaluateStage) -> tuple[CheckpointRef, int]:
        """Return what the stages of one task have in common: the checkpoint, and the index of their experiment among
        the plan's different ones."""
        experiment = self._plan.experiment_of(stage)
        if experiment not in self._experiments:
            self._experiments.append(experiment)
        return stage.checkpoint, self._experiments.index(experiment)

    def finish(self, key: str) -> None:
        """Count a stage as published, so that stages that only waited for it may start."""
        self._open.discard(key)
        for child in self._children[key]:
            if key in self._unmet[child]:
                self._unmet[child].remove(key)
                if not self._unmet[child] and child not in self._blocked:
                    self.make_ready(child)

    def wait_for(self, key: str, needs: Iterable[str]) -> None:
        """Let a stage that could not read `needs` start when they are published again; at once if there are none."""
        for need in needs:
            self._unmet[key].add(need)
            if key not in self._children[need]:
                self._children[need].append(key)
        if not self._unmet[key]:
            self.make_ready(key)

    def is_open(self, key: str) -> bool:
        """Return whether a stage is not published yet, as far as this queue was told."""
        return key in self._open

    def reopen(self, key: str) -> None:
        """Count a stage as no longer published: it may start, and the stages that read it wait."""
        for child in self._children[key]:
            if child in self._ready or self._unmet[child]:
                self._unmet[child].add(key)
                self._ready.discard(child)
                stage = self._plan.stages[child]
                if isinstance(stage, EvaluateStage):
                    self._ready_evaluations[self._group(stage)].discard(child)
        self._open.add(key)
        self._unmet.setdefault(key, set())
        self.make_ready(key)

    def block(self, key: str) -> list[str]:
        """Count a stage as failed; return the keys of the stages that can no longer start."""
        newly = []
        waiting = list(self._children[key])
        while waiting:
            child = waiting.pop()
            if child not in self._blocked:
                self._blocked.add(child)
                newly.append(child)
                waiting += self._children[child]
        return newly
