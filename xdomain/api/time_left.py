"""Estimate how much longer a running session takes."""

from __future__ import annotations

import time
from collections.abc import Iterable

from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec
from xdomain.store.history import Rates
from xdomain.store.holder import Holder
from xdomain.store.store import Store

ESTIMATE_SECONDS = 5.0
"""Time between two estimates, which are expensive because each considers the whole plan."""

Running = Iterable[tuple[StageSpec, Holder | None]]


class TimeLeft:
    """An estimate of the remaining time that is updated with each finished stage.

    Args:
        graph: Stages of the session.
        store: Store in which they are published.
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
        """Number of finished stages."""
        return len(self._done)

    def add(self, stage: StageSpec) -> None:
        """Add a stage that was just published. Optional stages only count in measured rates."""
        if stage.key in self._graph.stages:
            self._done.add(stage.key)
        self._rates.add(stage)

    def seconds(self, running: Running) -> float | None:
        """Return the remaining seconds; None if they are unknown, or if all stages are finished."""
        now = time.monotonic()
        if self._estimate is None or now - self._estimated > ESTIMATE_SECONDS:
            progress = {}
            processes = set()
            for stage, holder in running:
                if holder is not None:
                    processes.add((holder.host, holder.pid))
                    if stage.key in self._graph.stages:
                        progress[stage.key] = holder.progress
            self._workers = max(self._workers, len(processes))
            self._estimate = self._rates.seconds_left(frozenset(self._done), self._workers, progress)
            self._estimated = now
        if self._estimate is None or len(self._done) == len(self._graph.stages):
            return None
        return max(1.0, self._estimate - (now - self._estimated))
