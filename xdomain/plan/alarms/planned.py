"""The design of alarms for the training stages of an experiment."""

from __future__ import annotations

from collections.abc import Mapping

from xdomain.config.training import TrainingConfig
from xdomain.plan.alarms.design import AlarmDesign, alarm_design
from xdomain.plan.prompts import prompts_consumed


def stage_alarms(training: TrainingConfig, steps: int, dev_items: Mapping[str, int | None]) -> AlarmDesign:
    """Return the design of a stage's alarms.

    Args:
        training: Training settings with `alarms`.
        steps: Optimizer steps of the stage.
        dev_items: Number of dev items of each monitored domain; None if they are generated as needed.

    Raises:
        PlanError: The stage's completions are too few for the budget, or no domain has enough dev items.
    """
    alarms = training.alarms
    assert alarms is not None
    return alarm_design(
        alpha=alarms.alpha,
        budget=alarms.budget,
        dev_items=dev_items,
        steps=steps,
        period=training.rollout_period,
        completions=prompts_consumed(steps, training) * training.generations,
    )
