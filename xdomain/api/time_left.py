"""Estimate how long a running session still takes."""

from __future__ import annotations

import time
from collections.abc import Iterable

from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec
from xdomain.store.history import Rates
from xdomain.store.holder import Holder
from xdomain.store.store import Store

ESTIMATE_SECONDS = 5.0
"""An estimate looks at the whole plan, so it is made anew only so often."""

Running = Iterable[tuple[StageSpec, Holder | None]]


class TimeLeft:
    """Remembers the stages that are done and how long such stages take.

    Args:
        graph: the stages that run.
        store: where they are published.
    """

    def __init__(self, graph: Graph, store: Store) -> None:
        self._graph = graph
        self._done = set(store.done(graph.stages.values()))
        self._rates = Rates(graph, store, frozenset(self._done))
        self._workers = 1
        self._estimate: float | None = None
        self._estimated = 0.0

    @property
    def finished(self) -> int:
        """Number of stages that are done."""
        return len(self._done)

    def add(self, stage: StageSpec) -> None:
        """Count a stage that was just published."""
        self._done.add(stage.key)
        self._rates.add(stage)

    def seconds(self, running: Running) -> float | None:
        """Return the seconds left; None while that is unknown, and when all is done."""
        now = time.monotonic()
        if self._estimate is None or now - self._estimated > ESTIMATE_SECONDS:
            progress = {}
            processes = set()
            for stage, holder in running:
                if holder is not None:
                    processes.add((holder.host, holder.pid))
                    progress[stage.key] = holder.progress
            self._workers = max(self._workers, len(processes))
            self._estimate = self._rates.seconds_left(frozenset(self._done), self._workers, progress)
            self._estimated = now
        if self._estimate is None or len(self._done) == len(self._graph.stages):
            return None
        return max(1.0, self._estimate - (now - self._estimated))
