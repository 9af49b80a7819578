"""Cost of a plan, and the savings from sharing prefixes compared with training every run separately."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import StageSpec, TrainStage


@dataclass(frozen=True)
class PlanCost:
    """Counts of a plan. In the naive counts, every run trains all of its phases itself."""

    stages: int
    train_stages: int
    evaluations: int
    naive_train_stages: int
    train_steps: int
    naive_train_steps: int
    done: int
    """Number of stages that are already in the store."""


def plan_cost(plan: Plan, done: frozenset[str]) -> PlanCost:
    """Count the stages and steps of `plan`; `done` holds the keys of the stages in the store."""
    steps = {stage.key: 0 if stage.adopted else stage.steps for stage in plan.train_stages}
    return PlanCost(
        stages=len(plan.stages),
        train_stages=len(plan.train_stages),
        evaluations=len(plan.evaluations),
        naive_train_stages=sum(key in steps for run in plan.runs for key in run.stages),
        train_steps=sum(steps.values()),
        naive_train_steps=sum(steps.get(key, 0) for run in plan.runs for key in run.stages),
        done=sum(key in done for key in plan.stages),
    )


MIXTURE_WEIGHT = 1.2


def list_schedule_seconds(plan: Graph, seconds: Mapping[str, float], workers: int) -> float:
    """Return the makespan of greedy list scheduling (longest path first) on `workers` workers.

    Only stages in `seconds` are scheduled. Source: Graham 1966; the result is within 2 - 1/workers of the optimum.
    """
    rank = critical_path(plan, lambda stage: seconds.get(stage.key, 0.0))
    order = {key: place for place, key in enumerate(seconds)}
    open_needs: dict[str, int] = {}
    children: dict[str, list[str]] = {key: [] for key in seconds}
    for key in seconds:
        needs = {need for need in plan.stages[key].needs if need in seconds}
        open_needs[key] = len(needs)
        for need in needs:
            children[need].append(key)
    ready = [(-rank[key], order[key], key) for key, count in open_needs.items() if count == 0]
    heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            key = heappop(ready)[2]
            heappush(running, (now + seconds[key], key))
        now, finished = heappop(running)
        for child in children[finished]:
            open_needs[child] -= 1
            if open_needs[child] == 0:
                heappush(ready, (-rank[child], order[child], child))
    return now


def critical_path(plan: Graph, weight: Callable[[StageSpec], float]) -> dict[str, float]:
    """Return, for each stage, the weight of the heaviest chain that begins with it."""
    rank = {key: weight(stage) for key, stage in plan.stages.items()}
    for key in reversed(list(plan.stages)):
        for need in plan.stages[key].needs:
            if need in rank:  # an input of the graph is already in the store
                rank[need] = max(rank[need], weight(plan.stages[need]) + rank[key])
    return rank


def default_weight(stage: StageSpec) -> float:
    """Return the relative cost of a stage without a measurement: its steps, or a constant for an evaluation.

    The steps of a mixture weigh more than those of its domains separately. Batches are padded to the domain with the
    longest completions, and telemetry computes a gradient per domain (SmolLM2: 28 s instead of 18 s per step).
    """
    if not isinstance(stage, TrainStage) or stage.adopted:
        return 5.0
    return stage.steps * (MIXTURE_WEIGHT if stage.phase.is_mixed else 1.0)
