"""Disk space that stages need in the store: checkpoints, resume states of running stages, and records."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.config.experiment import Experiment
from xdomain.plan.memory import ADAPTER_BYTES, BYTES
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.optimizer_state import optimizer_bytes
from xdomain.plan.recipe import settings_of
from xdomain.plan.stage import BaseStage, StageSpec, SteplessStage, TrainStage
from xdomain.plan.tokens import completions_of

TOKEN_BYTES, COMPLETION_BYTES = 4, 100
"""Bytes of a token's text, and of the other columns of a completion's record."""
PROMPT_LINE, STEP_LINE = 100, 2000
"""Bytes of a prompt's line in `schedule.jsonl`, and of a step's line in `metrics.jsonl`."""
STATES_AT_ONCE = 3
"""Number of resume states on disk while a new one is written: two are kept."""
RESUME_SAVES = 3
"""Number of resume states that a stage saves if it keeps no checkpoint before its end."""


@dataclass(frozen=True)
class Disk:
    """Bytes of one stage; None if the model's shape is not known.

    Attributes:
        checkpoints: Checkpoints that the stage publishes.
        after_gc: Checkpoints that `grid gc` leaves after all evaluations are done, by `checkpoints.keep`.
        resume: Resume states of the running stage, which are removed on publication.
        records: Records, schedules and metrics, at most.
    """

    checkpoints: int | None
    after_gc: int | None
    resume: int | None
    records: int


def checkpoint_bytes(shape: ModelShape, experiment: Experiment) -> int:
    """Return the bytes of a trained checkpoint: the adapter, or all weights."""
    model = experiment.model
    if model.lora is not None:
        return shape.adapter_parameters(model.lora) * ADAPTER_BYTES
    return shape.parameters * BYTES[model.dtype]


def stage_disk(
    stage: StageSpec, experiment: Experiment, shape: ModelShape | None, tokens: float, *, continued: bool
) -> Disk:
    """Return the disk space of one stage.

    Args:
        stage: Stage to measure.
        experiment: Experiment that the stage belongs to.
        shape: Sizes of the model; None if they are not known.
        tokens: Number of tokens that the stage generates.
        continued: True if another stage of the plan starts from this one.
    """
    below_adapter = continued and experiment.model.lora is not None
    if isinstance(stage, BaseStage | SteplessStage):
        weights = None if shape is None else shape.parameters * BYTES[experiment.model.dtype]
        stays = isinstance(stage, BaseStage) or experiment.checkpoints.keep != "none" or below_adapter
        return Disk(weights, weights if stays else 0, 0, 0)
    text = round(TOKEN_BYTES * tokens)
    if not isinstance(stage, TrainStage):
        return Disk(0, 0, 0, text + COMPLETION_BYTES * completions_of(stage, experiment))
    training = settings_of(experiment, stage.curriculum).training
    records = stage.steps * (PROMPT_LINE * training.prompts_per_step // training.epochs_per_rollout + STEP_LINE)
    if training.keep_rollouts is not None:
        kept = min(training.keep_rollouts.prompts_per_step, training.prompts_per_step)
        records += text * kept // training.prompts_per_step
    if shape is None:
        return Disk(None, None, None, records)
    each, count = checkpoint_bytes(shape, experiment), len(stage.checkpoint_steps)
    if stage.adopted:
        weights = shape.parameters * BYTES[experiment.model.dtype]
        return Disk(count * weights, (count if experiment.checkpoints.keep == "all" else 1) * weights, 0, 0)
    left = {"all": count, "ends": 1, "none": int(below_adapter)}[experiment.checkpoints.keep]
    width = ADAPTER_BYTES if experiment.model.lora else BYTES[experiment.model.dtype]
    if training.engine is not None:
        return Disk(count * each, left * each, None, records)
    state = optimizer_bytes(training.optimizer, each // width, width)
    saves = min(STATES_AT_ONCE, count - 1 if count > 1 else RESUME_SAVES)
    return Disk(count * each, left * each, None if state is None else saves * (each + state), records)
