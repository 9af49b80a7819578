"""Describe the optional stages of a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from xdomain.core.number_text import points
from xdomain.core.words import count
from xdomain.plan.graph import Plan
from xdomain.plan.stage import TrainStage


@dataclass(frozen=True)
class OptionalCost:
    """Counts of a plan's optional stages. At most one refresh runs after each monitored stage.

    Attributes:
        refreshes: Number of planned refreshes.
        evaluations: Number of their evaluations.
        most_refreshes: Largest number of refreshes that run.
        most_steps: Largest number of optimizer steps of those.
    """

    refreshes: int
    evaluations: int
    most_refreshes: int
    most_steps: int


def optional_cost(plan: Plan) -> OptionalCost:
    """Count the optional stages of a plan."""
    steps: dict[str, int] = {}
    refreshes = 0
    for each in plan.optional.values():
        if isinstance(each.stage, TrainStage):
            refreshes += 1
            steps[each.condition.stage] = max(steps.get(each.condition.stage, 0), each.stage.steps)
    return OptionalCost(refreshes, len(plan.optional) - refreshes, len(steps), sum(steps.values()))


def optional_in_plan(plan: Plan) -> list[str]:
    """Return the line about optional stages; [] if the plan has none."""
    if not plan.optional:
        return []
    cost, alarms = optional_cost(plan), plan.experiment.training.alarms
    assert alarms is not None
    return [
        f"{count(cost.refreshes, 'refresh stage')} and {count(cost.evaluations, 'evaluation')}, counted apart. If an "
        f"alarm reports a fall of at least {points(alarms.threshold)} points, the refresh of the domain that fell most "
        f"runs: at most {count(cost.most_refreshes, 'stage')} with {count(cost.most_steps, 'step')}"
    ]


def optional_document(plan: Plan) -> dict[str, Any]:
    """Return the optional stages of a plan as JSON. Each comes with its condition."""
    stages = [
        {
            "key": key,
            "kind": str(each.stage.kind),
            "title": each.stage.title,
            "folder": each.stage.folder,
            "needs": list(each.stage.needs),
            "condition": asdict(each.condition),
        }
        for key, each in plan.optional.items()
    ]
    return asdict(optional_cost(plan)) | {"stages": stages}
