"""Amounts that published stages spent, from their summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xdomain.config.experiment import Experiment
from xdomain.config.phases import Distill
from xdomain.plan.measurement import UNRECORDED, Effort
from xdomain.plan.prompts import prompts_consumed
from xdomain.plan.recipe import settings_of
from xdomain.plan.stage import CheckpointRef, PhaseStage, SteplessStage


def stage_efforts(stage: PhaseStage, summary: Mapping[str, Any], experiment: Experiment) -> dict[CheckpointRef, Effort]:
    """Return the effort of the stage up to each of its checkpoints.

    Tokens and time are known only for the final checkpoint.
    """
    if isinstance(stage, SteplessStage):
        return {stage.end: Effort(seconds=summary.get("seconds"))}
    if stage.adopted:
        return {ref: replace(UNRECORDED, steps=ref.step) for ref in stage.checkpoints}
    training = settings_of(experiment, stage.curriculum).training
    spent = {
        ref: replace(UNRECORDED, steps=ref.step, prompts=prompts_consumed(ref.step, training))
        for ref in stage.checkpoints
    }
    distills = isinstance(stage.curriculum.phases[-1], Distill)
    spent[stage.end] = Effort(
        summary["steps"],
        summary["prompts"],
        summary["completion_tokens"],
        summary["informative_groups"],
        summary.get("training_seconds"),
        summary.get("update_processor_seconds"),
        summary.get("taught_tokens") if distills else 0,
        summary.get("teacher_passes") if distills else 0,
    )
    return spent
