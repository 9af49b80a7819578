"""Estimate how long stages will take from how long stored stages took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from xdomain.core.errors import DamagedArtifact
from xdomain.plan.cost import list_schedule_seconds
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.store.durations import Measured, measured, rates_alike
from xdomain.store.store import Store

MEASURED_STAGES = 100
"""Number of published stages per kind whose durations are read. The median of this many is steady."""


class Rates:
    """Median durations and completion lengths of stored stages, by kind.

    Durations are seconds per step for training stages, and per stage for others. If none of the plan's stages of a kind
    is published, other stages in the store with the same model and shape are used.

    Args:
        plan: Stages to estimate.
        store: The store.
        done: Keys of the published stages. Up to `MEASURED_STAGES` per kind are read, spread evenly over the plan.
    """

    def __init__(self, plan: Graph, store: Store, done: frozenset[str]) -> None:
        self._plan = plan
        self._store = store
        self._measured: dict[str, list[Measured]] = {}
        keys: dict[str, list[str]] = {}
        for key, stage in plan.stages.items():
            if key in done:
                keys.setdefault(stage.kind, []).append(key)
        for each in keys.values():
            for key in each[:: -(-len(each) // MEASURED_STAGES)]:
                self.add(plan.stages[key])
        unmeasured = {stage.kind for stage in plan.stages.values() if stage.key not in done} - set(self._measured)
        self.borrowed = rates_alike(plan, store, unmeasured)
        """Measurements of other plans' stages, by kind."""

    def add(self, stage: StageSpec) -> None:
        """Add the measurement of a published stage. A stage whose record is corrupt is skipped."""
        try:
            done = self._store.result(stage)
        except DamagedArtifact:
            return
        told = measured(stage.payload, done)
        if told is not None:
            self._measured.setdefault(stage.kind, []).append(told)

    def seconds_by_kind(self) -> dict[str, float]:
        """Return the median seconds of each measured kind: per step for training stages, per stage for others."""
        return _medians(self.borrowed) | _medians(self._measured)

    def tokens_by_kind(self) -> dict[str, float]:
        """Return the median of the stages' mean completion lengths in tokens, for each measured kind."""
        known: dict[str, list[float]] = {}
        for kind, found in {**self.borrowed, **self._measured}.items():
            known[kind] = [each.tokens for each in found if each.tokens is not None]
        return {kind: median(each) for kind, each in known.items() if each}

    def seconds_left(
        self, done: frozenset[str], workers: int, running: Mapping[str, Mapping[str, Any]] | None = None
    ) -> float | None:
        """Return the seconds that the stages that are not `done` will take.

        The result is None while a kind of remaining stage has no measurement, neither from a published stage nor from a
        running one.

        Args:
            done: Keys of the published stages.
            workers: Number of workers.
            running: Latest progress of each running stage, by key.
        """
        running = {key: progress for key, progress in (running or {}).items() if progress.get("total")}
        medians = _medians(self.borrowed) | self._running_rates(running) | _medians(self._measured)
        guesses = {}
        for key, stage in self._plan.stages.items():
            if key not in done:
                if stage.kind not in medians:
                    return None
                guesses[key] = medians[stage.kind] * units(stage) * (1 - share_done(running.get(key, {})))
        return list_schedule_seconds(self._plan, guesses, workers)

    def _running_rates(self, running: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
        rates: dict[str, list[float]] = {}
        for key, progress in running.items():
            if progress.get("seconds_per_unit"):
                stage = self._plan.stages[key]
                seconds = progress["seconds_per_unit"] * progress["total"]
                rates.setdefault(stage.kind, []).append(seconds / units(stage))
        return {kind: median(each) for kind, each in rates.items()}


def estimate_seconds(
    plan: Graph,
    store: Store,
    done: frozenset[str],
    workers: int = 1,
    running: Mapping[str, Mapping[str, Any]] | None = None,
) -> float | None:
    """Return the seconds that the open stages will take, judging by similar stages; None if unknown.

    The arguments are those of `Rates.seconds_left`.
    """
    return Rates(plan, store, done).seconds_left(done, workers, running)


def share_done(progress: Mapping[str, Any]) -> float:
    """Return the completed share of a stage, from 0 to 1, according to its progress."""
    total = progress.get("total")
    return min(1.0, progress.get("done", 0) / total) if total else 0.0


def units(stage: StageSpec) -> int:
    """Return the number of units that a stage's duration scales with: its training steps, or 1."""
    return stage.steps if isinstance(stage, TrainStage) else 1


def _medians(found: Mapping[str, Sequence[Measured]]) -> dict[str, float]:
    return {kind: median(each.seconds for each in several) for kind, several in found.items()}
