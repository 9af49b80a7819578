"""The choice of a setting on dev items: the evaluations that it needs, and how it counts in a stage's key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xdomain.config.experiment import Experiment
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.identity import Identities
from xdomain.plan.recipe import evaluations_of
from xdomain.plan.stage import CheckpointRef, EvaluateStage

RULE = "largest mean accuracy over the domains' dev items; the first of equal values"
"""Rule of the choice, in words. `derive.dev_choice` applies it."""


def dev_evaluations(
    checkpoint: CheckpointRef, title: str, domains: Iterable[str], experiment: Experiment, identities: Identities
) -> tuple[EvaluateStage, ...]:
    """Return evaluations of a checkpoint on dev items, which are no stages of the plan but models for candidates."""
    settings = {name: each.model_copy(update={"split": "dev"}) for name, each in evaluations_of(experiment).items()}
    plan = EvaluationPlan(experiment.evaluation_setup, identities, settings)
    return tuple(plan.stage(checkpoint, title, name, f"{title} on dev items of {name}") for name in domains)


def choice_identity(values: Sequence[float], dev: Sequence[EvaluateStage]) -> dict[str, Any]:
    """Return what a choice on dev items adds to a stage's identity."""
    return {"values": list(values), "rule": RULE, "dev": {each.domain: each.key for each in dev}}
