"""What a plan costs, and what sharing prefixes saves against one run per cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import Stage, TrainStage


@dataclass(frozen=True)
class PlanCost:
    """Counts of a plan; naive = every run trains all of its phases itself."""

    stages: int
    train_stages: int
    evaluations: int
    naive_train_stages: int
    train_steps: int
    naive_train_steps: int
    done: int
    """Stages that are in the store already."""


def plan_cost(plan: Plan, done: frozenset[str]) -> PlanCost:
    """Count `plan`; `done` holds the keys that are in the store."""
    steps = {stage.key: stage.steps for stage in plan.train_stages}
    return PlanCost(
        stages=len(plan.stages),
        train_stages=len(plan.train_stages),
        evaluations=len(plan.evaluations),
        naive_train_stages=sum(len(run.stages) for run in plan.runs),
        train_steps=sum(steps.values()),
        naive_train_steps=sum(steps[key] for run in plan.runs for key in run.stages),
        done=sum(key in done for key in plan.stages),
    )


def list_schedule_seconds(plan: Graph, seconds: Mapping[str, float], workers: int) -> float:
    """Makespan of greedy list scheduling (longest path first) of the stages in `seconds` on `workers` workers.

    Source: Graham 1966; it is within 2 - 1/workers of the optimum.
    """
    rank = critical_path(plan, lambda stage: seconds.get(stage.key, 0.0))
    open_needs = {key: {need for need in plan.stages[key].needs if need in seconds} for key in seconds}
    running: list[tuple[float, str]] = []
    now = 0.0
    waiting = dict(open_needs)
    while waiting or running:
        ready = sorted((key for key, needs in waiting.items() if not needs), key=lambda key: -rank[key])
        for key in ready[: workers - len(running)]:
            del waiting[key]
            running.append((now + seconds[key], key))
        running.sort()
        now, finished = running.pop(0)
        for needs in waiting.values():
            needs.discard(finished)
    return now


def critical_path(plan: Graph, weight: Callable[[Stage], float]) -> dict[str, float]:
    """For each stage, the weight of the heaviest chain that begins with it."""
    rank = {key: weight(stage) for key, stage in plan.stages.items()}
    for key in reversed(list(plan.stages)):
        for need in plan.stages[key].needs:
            rank[need] = max(rank[need], weight(plan.stages[need]) + rank[key])
    return rank


def default_weight(stage: Stage) -> float:
    """Relative cost of a stage where nothing was measured: its steps; an evaluation weighs like a few steps."""
    return float(stage.steps) if isinstance(stage, TrainStage) else 5.0
