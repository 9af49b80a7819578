"""Number of completions and tokens that stages generate."""

from __future__ import annotations

from xdomain.config.experiment import Experiment
from xdomain.plan.memory import Lengths
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.prompts import prompts_consumed
from xdomain.plan.recipe import settings_of
from xdomain.plan.stage import EvaluateStage, StageSpec, TrainStage

ASSUMED_PROMPT_TOKENS = 512
"""Length of the longest prompt if `training.max_prompt_tokens` is not set."""


def completions_of(stage: StageSpec, experiment: Experiment, items: int | None = None) -> int:
    """Return the number of completions that a stage generates; the base model's warm-up generates none.

    Args:
        stage: Stage to count.
        experiment: Experiment that the stage belongs to.
        items: Number of items of an evaluation, if the split holds fewer than requested.
    """
    if isinstance(stage, TrainStage):
        if stage.adopted:
            return 0
        training = settings_of(experiment, stage.curriculum).training
        return prompts_consumed(stage.steps, training) * (1 if stage.teachers else training.generations)
    if isinstance(stage, EvaluateStage):
        asked = stage.settings.items
        return (asked if items is None else min(items, asked)) * stage.settings.samples
    return 0


def longest_completion(stage: StageSpec, experiment: Experiment) -> int:
    """Return the maximum number of tokens per completion that a stage allows; 0 for the base model."""
    if isinstance(stage, TrainStage):
        return settings_of(experiment, stage.curriculum).training.max_completion_tokens
    return stage.settings.completion_tokens if isinstance(stage, EvaluateStage) else 0


def lengths(experiment: Experiment, completion: int, shape: ModelShape) -> Lengths:
    """Return the longest prompt and completion, limited by the model's context.

    Args:
        experiment: Experiment whose `training.max_prompt_tokens` bounds prompts. If it is not set, prompts are assumed
            to have at most `ASSUMED_PROMPT_TOKENS`.
        completion: Tokens of the longest completion.
        shape: Sizes of the model.
    """
    prompt = experiment.training.max_prompt_tokens or ASSUMED_PROMPT_TOKENS
    if shape.context is None:
        return Lengths(prompt, completion)
    completion = min(completion, shape.context - 1)
    return Lengths(min(prompt, shape.context - completion), completion)
