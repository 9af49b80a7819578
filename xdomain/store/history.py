"""How long stages took, for estimates."""

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
"""Published stages of a kind that are read for its rate; a median of so many is steady."""


class Rates:
    """How long a plan's stages take and how long their completions are: medians by kind of what stored stages tell.

    Seconds are those of a step for training stages, of a stage for others. A kind of which nothing of the plan is
    published borrows from the store's other stages of the same model and shape.

    Args:
        done: keys of the published stages, of which up to `MEASURED_STAGES` a kind are read, evenly over the plan.
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
        """What stages of other plans took, by kind."""

    def add(self, stage: StageSpec) -> None:
        """Count a published stage; one whose record is damaged tells nothing."""
        try:
            done = self._store.result(stage)
        except DamagedArtifact:
            return
        told = measured(stage.payload, done)
        if told is not None:
            self._measured.setdefault(stage.kind, []).append(told)

    def seconds_by_kind(self) -> dict[str, float]:
        """Return the median seconds of each kind of which something is stored: per step for training stages."""
        return _medians(self.borrowed) | _medians(self._measured)

    def tokens_by_kind(self) -> dict[str, float]:
        """Return the median of completions' mean lengths in tokens, for each kind of which something is stored."""
        known: dict[str, list[float]] = {}
        for kind, found in {**self.borrowed, **self._measured}.items():
            known[kind] = [each.tokens for each in found if each.tokens is not None]
        return {kind: median(each) for kind, each in known.items() if each}

    def seconds_left(
        self, done: frozenset[str], workers: int, running: Mapping[str, Mapping[str, Any]] | None = None
    ) -> float | None:
        """Seconds that `workers` workers need for what is not `done`.

        None while a kind of stage is left of which nothing was measured: none like it is published, and none that runs
        has told its rate.

        Args:
            running: the progress that running stages tell, by key.
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
    """Seconds that the open stages will take, from what stages like them took and take; None where unknown.

    The arguments are those of `Rates.seconds_left`.
    """
    return Rates(plan, store, done).seconds_left(done, workers, running)


def share_done(progress: Mapping[str, Any]) -> float:
    """How much of a stage is done, from 0 to 1, by what it tells."""
    total = progress.get("total")
    return min(1.0, progress.get("done", 0) / total) if total else 0.0


def units(stage: StageSpec) -> int:
    """Return what a stage's duration is a multiple of: its steps, or 1."""
    return stage.steps if isinstance(stage, TrainStage) else 1


def _medians(found: Mapping[str, Sequence[Measured]]) -> dict[str, float]:
    return {kind: median(each.seconds for each in several) for kind, several in found.items()}
