"""Estimate how long stages will take from how long stored stages took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from xdomain.core.errors import DamagedArtifact
from xdomain.plan.cost import list_schedule_seconds
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageKind, StageSpec
from xdomain.store.durations import DISTILL, Measured, measured, rates_alike, units, work_of
from xdomain.store.store import Store

MEASURED_STAGES = 100
"""Number of published stages per work whose durations are read. The median of this many is steady."""


class Rates:
    """Median durations and completion lengths of stored stages, by work.

    The work of a stage is its kind, or distillation. If none of the plan's stages of a work is published, other stages
    in the store with the same model and shape are used. If there are none for distillations, a completion is assumed to
    take as long in them as in training with rewards.

    Args:
        plan: Stages to estimate.
        store: The store.
        done: Keys of the published stages. Up to `MEASURED_STAGES` per work are read, spread evenly over the plan.
    """

    def __init__(self, plan: Graph, store: Store, done: frozenset[str]) -> None:
        self._plan = plan
        self._store = store
        self._measured: dict[str, list[Measured]] = {}
        keys: dict[str, list[str]] = {}
        for key, stage in plan.stages.items():
            if key in done:
                keys.setdefault(work_of(stage.payload), []).append(key)
        for each in keys.values():
            for key in each[:: -(-len(each) // MEASURED_STAGES)]:
                self.add(plan.stages[key])
        unmeasured = {work_of(stage.payload) for key, stage in plan.stages.items() if key not in done}
        self.borrowed = rates_alike(plan, store, unmeasured - set(self._measured))
        """Measurements of other plans' stages, by work."""

    def add(self, stage: StageSpec) -> None:
        """Add the measurement of a published stage. A stage whose record is corrupt is skipped."""
        try:
            done = self._store.result(stage)
        except DamagedArtifact:
            return
        told = measured(stage.payload, done)
        if told is not None:
            self._measured.setdefault(work_of(stage.payload), []).append(told)

    def seconds_by_work(self) -> dict[str, float]:
        """Return the median seconds per unit of each measured work, see `expected_seconds`."""
        return _medians(self.borrowed) | _medians(self._measured)

    def tokens_by_work(self) -> dict[str, float]:
        """Return the median of the stages' mean completion lengths in tokens, for each measured work."""
        known: dict[str, list[float]] = {}
        for work, found in {**self.borrowed, **self._measured}.items():
            known[work] = [each.tokens for each in found if each.tokens is not None]
        return {work: median(each) for work, each in known.items() if each}

    def seconds_left(
        self, done: frozenset[str], workers: int, running: Mapping[str, Mapping[str, Any]] | None = None
    ) -> float | None:
        """Return the seconds that the stages that are not `done` will take.

        The result is None while a remaining stage has no measurement, neither from a published stage nor from a
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
                whole = expected_seconds(stage, medians)
                if whole is None:
                    return None
                guesses[key] = whole * (1 - share_done(running.get(key, {})))
        return list_schedule_seconds(self._plan, guesses, workers)

    def _running_rates(self, running: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
        rates: dict[str, list[float]] = {}
        for key, progress in running.items():
            if progress.get("seconds_per_unit"):
                stage = self._plan.stages[key]
                seconds = progress["seconds_per_unit"] * progress["total"]
                rates.setdefault(work_of(stage.payload), []).append(seconds / units(stage.payload))
        return {work: median(each) for work, each in rates.items()}


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


def expected_seconds(stage: StageSpec, per_unit: Mapping[str, float]) -> float | None:
    """Return how long a stage takes; None if its work was not measured.

    Args:
        stage: The stage.
        per_unit: Seconds per unit, by work.
    """
    each = of_work(stage, per_unit)
    return None if each is None else each * units(stage.payload)


def of_work(stage: StageSpec, known: Mapping[str, float]) -> float | None:
    """Return the value of a stage's work; for a distillation without one, that of training with rewards."""
    work = work_of(stage.payload)
    return known.get(work, known.get(StageKind.TRAIN) if work == DISTILL else None)


def _medians(found: Mapping[str, Sequence[Measured]]) -> dict[str, float]:
    return {work: median(each.seconds for each in several) for work, several in found.items()}
