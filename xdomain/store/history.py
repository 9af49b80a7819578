"""How long stages took, for estimates."""

from __future__ import annotations

from statistics import median

from xdomain.plan.cost import list_schedule_seconds
from xdomain.plan.graph import Graph
from xdomain.plan.stage import Stage, TrainStage
from xdomain.store.store import Store

MEASURED_STAGES = 100
"""Published stages of a kind that are read for its rate; a median of so many is steady."""


def stage_seconds(plan: Graph, store: Store, done: frozenset[str]) -> dict[str, float]:
    """Measured seconds of published stages of the plan: up to `MEASURED_STAGES` a kind, evenly over the plan."""
    keys: dict[str, list[str]] = {}
    for key, stage in plan.stages.items():
        if key in done:
            keys.setdefault(stage.kind, []).append(key)
    chosen = (key for each in keys.values() for key in each[:: -(-len(each) // MEASURED_STAGES)])
    return {key: float(store.result(plan.stages[key])["seconds"]) for key in chosen}


def estimate_seconds(plan: Graph, store: Store, done: frozenset[str], workers: int = 1) -> float | None:
    """Seconds that the open stages will take, from the medians of what this plan's stages took.

    None while there is an open kind of stage of which nothing was measured.
    """
    if len(done) == len(plan.stages):
        return 0.0
    measured = stage_seconds(plan, store, done)
    rates: dict[str, list[float]] = {}
    for key, seconds in measured.items():
        stage = plan.stages[key]
        rates.setdefault(stage.kind, []).append(seconds / _size(stage))
    guesses = {}
    for key, stage in plan.stages.items():
        if key not in done:
            if stage.kind not in rates:
                return None
            guesses[key] = median(rates[stage.kind]) * _size(stage)
    return list_schedule_seconds(plan, guesses, workers)


def _size(stage: Stage) -> int:
    return stage.steps if isinstance(stage, TrainStage) else 1
