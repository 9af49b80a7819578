"""Cost of each run as `grid plan` shows it: measured where stages are published, estimated where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xdomain.api.estimates import Estimates
from xdomain.config.phases import Distill, Stepless
from xdomain.config.run_id import RunId
from xdomain.core.words import duration
from xdomain.plan.graph import Plan
from xdomain.plan.measurement import Effort
from xdomain.plan.run_cost import CostOfRun, costs_of_runs, planned_effort
from xdomain.store.efforts import stage_efforts
from xdomain.store.store import Store

COST_COLUMNS = ("run", "steps", "prompts", "generated tokens", "taught tokens", "time", "equal steps")
AMOUNTS = ("steps", "prompts", "completion_tokens", "taught_tokens", "teacher_passes", "seconds")


def run_costs(plan: Plan, store: Store, done: frozenset[str], estimates: Estimates) -> tuple[CostOfRun, ...]:
    """Return the cost of each run, in plan order.

    Args:
        done: Keys of the published stages.
        estimates: Estimates for the other stages. Without a measured length, completions count as long as allowed.
    """
    efforts: dict[str, Effort] = {}
    for stage in plan.phase_stages:
        if stage.key in done:
            efforts[stage.key] = stage_efforts(stage, store.result(stage)["summary"], plan.experiment)[stage.end]
        else:
            each = estimates.stages[stage.key]
            tokens = each.most_tokens if each.expected_tokens is None else each.expected_tokens
            efforts[stage.key] = planned_effort(stage, plan.experiment, tokens, each.seconds)
    return costs_of_runs(plan, efforts)


def cost_document(cost: CostOfRun, done: frozenset[str]) -> dict[str, Any]:
    """Return the cost of one run in the format of `xdomain grid plan --json`."""
    return {
        "total": _amounts(cost.total),
        "marginal": _amounts(cost.marginal),
        "measured": all(key in done for key in cost.run.stages),
        "equal_mixture": None if cost.mixture is None else str(cost.mixture),
    }


def compares_ways(plan: Plan) -> bool:
    """Return whether a plan merges, rolls back or distills, so that the steps of a run are not its whole cost."""
    return any(isinstance(phase, Distill | Stepless) for run in plan.runs for phase in run.id.phases)


def cost_rows(costs: tuple[CostOfRun, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of `COST_COLUMNS` for each run with its first seed: the total, and (+) what the run adds."""
    seen: set[RunId] = set()
    for cost in costs:
        if cost.run.id not in seen:
            seen.add(cost.run.id)
            numbers = [_both(cost, name) for name in AMOUNTS if name not in ("teacher_passes", "seconds")]
            seconds = cost.total.seconds
            yield (
                str(cost.run.id),
                *numbers,
                "unknown" if seconds is None else duration(seconds),
                "" if cost.mixture is None else str(cost.mixture),
            )


def _both(cost: CostOfRun, name: str) -> str:
    total, added = getattr(cost.total, name), getattr(cost.marginal, name)
    if total is None:
        return "unknown"
    return f"{total:,}" if added is None else f"{total:,} (+{added:,})"


def _amounts(effort: Effort) -> dict[str, Any]:
    return {name: getattr(effort, name) for name in AMOUNTS}
