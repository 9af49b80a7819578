"""Describe the alarms of a plan: their cost, and the drops of accuracy that they can find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from xdomain.core.errors import PlanError
from xdomain.core.number_text import points
from xdomain.core.words import count
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, detectable_drop
from xdomain.plan.alarms.planned import stage_alarms
from xdomain.plan.distillation import distillation_settings
from xdomain.plan.graph import Plan
from xdomain.plan.recipe import settings_of
from xdomain.plan.tokens import completions_of


class StageSize(NamedTuple):
    """Optimizer steps of a stage, and the completions that it samples for training."""

    steps: int
    completions: int

    def __str__(self) -> str:
        return f"stages of {self.steps:,} steps and {self.completions:,} completions"


@dataclass(frozen=True)
class PlannedAlarms:
    """The alarms of a plan.

    Attributes:
        designs: Design of the monitored stages, keyed by their size.
        refused: Reason why stages are not monitored, keyed by their size.
    """

    designs: Mapping[StageSize, AlarmDesign]
    refused: Mapping[StageSize, str]

    def sentences(self) -> Iterator[str]:
        """Yield one sentence per size of stage, and one per domain that is not monitored."""
        skipped: dict[str, str] = {}
        for size, design in self.designs.items():
            share = design.completions / size.completions
            found = "; ".join(_found(design, names, each) for each, names in _alike(design).items())
            looks = count(len(design.looks), "look")
            yield f"{size}: {looks}, at most {share:.1%} more completions; {found}"
            skipped |= design.skipped
        for size, reason in self.refused.items():
            yield f"{size} are not monitored: {reason}"
        for name, reason in skipped.items():
            yield f"{name} is not monitored: {reason}"

    def document(self) -> list[dict[str, Any]]:
        """Return the designs as JSON, one entry per size of stage."""
        designed = [
            {
                "steps": size.steps,
                "stage_completions": size.completions,
                **asdict(design),
                "completions": design.completions,
                "detectable_drop": {name: detectable_drop(each, design.alpha) for name, each in design.domains.items()},
            }
            for size, design in self.designs.items()
        ]
        refused = [
            {"steps": size.steps, "stage_completions": size.completions, "refused": reason}
            for size, reason in self.refused.items()
        ]
        return designed + refused


def planned_alarms(plan: Plan) -> PlannedAlarms | None:
    """Return the alarms of a plan; None if it has none.

    Raises:
        PlanError: No stage can be monitored within the budget, or a domain that the file names has too few dev items.
    """
    experiment = plan.experiment
    alarms = experiment.training.alarms
    if alarms is None:
        return None
    names = alarms.monitored(experiment.domain_names)
    dev_items = {name: domain.count(Split.DEV) for name, domain in build_domains(experiment.domains, names).items()}
    designs: dict[StageSize, AlarmDesign] = {}
    refused: dict[StageSize, PlanError] = {}
    for stage in plan.train_stages:
        size = StageSize(stage.steps, completions_of(stage, experiment))
        if stage.adopted or size in designs or size in refused:
            continue
        training = settings_of(experiment, stage.curriculum).training
        if training.alarms is None:  # a refresh is not monitored
            continue
        if stage.teachers:
            training = distillation_settings(training)
        try:
            designs[size] = stage_alarms(training, stage.steps, dev_items)
        except PlanError as error:
            refused[size] = error
    if refused and not designs:
        raise next(iter(refused.values()))
    for design in designs.values():
        for name, reason in design.skipped.items() if alarms.domains != "all" else ():
            raise PlanError(
                f'"{name}" cannot be monitored: {reason}.',
                where="training.alarms.domains",
                fix="Give it a dev split, or remove it from the list.",
            )
    return PlannedAlarms(designs, {size: error.what for size, error in refused.items()})


def _alike(design: AlarmDesign) -> dict[DomainDesign, list[str]]:
    """Return the names of the domains with each design."""
    found: dict[DomainDesign, list[str]] = {}
    for name, each in design.domains.items():
        found.setdefault(each, []).append(name)
    return found


def _found(design: AlarmDesign, names: list[str], each: DomainDesign) -> str:
    items = f"{each.items} + {each.confirm_items}" if each.confirm_items else str(each.items)
    drop = points(detectable_drop(each, design.alpha))
    return f"a fall of {drop} points is found on {', '.join(names)} ({each.method}, {items} dev items)"
