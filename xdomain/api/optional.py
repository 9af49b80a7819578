"""Describe the optional stages of a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from xdomain.api.estimates import Estimates, known_sum
from xdomain.core.number_text import points
from xdomain.core.words import count
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.store.optional import Decisions
from xdomain.store.store import Store


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


@dataclass(frozen=True)
class OptionalLeft:
    """The most that optional stages can still need. Other estimates of a plan leave them out.

    After each monitored stage, at most one refresh runs. The one with the most tokens counts, with its evaluations.
    Stages that are done, and those that no alarm called for, do not count.

    Attributes:
        stages: Refreshes and their evaluations.
        steps: Optimizer steps.
        tokens: Generated tokens if every completion is as long as allowed.
        checkpoint_bytes: Bytes of their checkpoints; None if unknown.
        seconds: Duration of the stages one after another; None if unknown.
    """

    stages: int
    steps: int
    tokens: int
    checkpoint_bytes: int | None
    seconds: float | None


def optional_left(plan: Plan, store: Store, estimates: Estimates) -> OptionalLeft:
    """Return the most that the optional stages of a plan can still need."""
    decided = Decisions(plan, store).all()
    done = store.done(each.stage for each in plan.optional.values())
    refreshes: dict[str, dict[str, list[StageSpec]]] = {}
    for key, each in plan.optional.items():
        if decided[key] is not False and key not in done:
            of_stage = refreshes.setdefault(each.condition.stage, {})
            of_stage.setdefault(each.condition.domain, []).append(each.stage)

    def tokens(stages: list[StageSpec]) -> int:
        return sum(estimates.of(stage).most_tokens for stage in stages)

    chosen = [stage for found in refreshes.values() for stage in max(found.values(), key=tokens)]
    needs = [estimates.of(stage) for stage in chosen]
    return OptionalLeft(
        stages=len(chosen),
        steps=sum(stage.steps for stage in chosen if isinstance(stage, TrainStage)),
        tokens=tokens(chosen),
        checkpoint_bytes=known_sum(each.disk.checkpoints for each in needs),
        seconds=known_sum(each.seconds for each in needs),
    )


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
    """Return the line about the number of optional stages; [] if the plan has none."""
    if not plan.optional:
        return []
    cost, alarms = optional_cost(plan), plan.experiment.training.alarms
    assert alarms is not None
    return [
        f"{count(cost.refreshes, 'refresh stage')} and {count(cost.evaluations, 'evaluation')}, counted apart. If a "
        f"domain with an alarm is down by at least {points(alarms.threshold)} points at the last look, the refresh of "
        f"the one that is down most runs: at most {count(cost.most_refreshes, 'stage')} with "
        f"{count(cost.most_steps, 'step')}"
    ]


def not_exported(plan: Plan, run_command: str) -> str | None:
    """Return the sentence about optional stages for the user of an exported grid; None if the plan has none."""
    if not plan.optional:
        return None
    return (
        f"{count(len(plan.optional), 'optional stage')} not exported: alarms decide which of them run. Once the "
        f"exported tasks are done, run the needed ones with: {run_command}"
    )


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
