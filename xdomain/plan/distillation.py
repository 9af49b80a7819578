"""Settings of a distillation phase, and the settings that it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Distill
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import PlanError
from xdomain.plan.recipe import Recipe, distinct_phases, settings_of

IGNORED = {
    "generations": 1, "loss_type": "dapo", "beta": 0.0, "reference": "parent", "epsilon": 0.2, "epsilon_high": None,
    "scale_rewards": "none", "informative_quotas": False,
}  # fmt: skip
"""Fields of `training` that belong to GRPO's loss, with the value that a distillation has instead. It samples one
completion per prompt."""
IGNORED_GRPO = frozenset({
    "delta", "importance_sampling_level", "multi_objective_aggregation", "top_entropy_quantile",
    "off_policy_mask_threshold", "use_bias_correction_kl", "router_aux_loss_coef",
})  # fmt: skip
"""Fields of `training.grpo` that belong to GRPO's loss."""


def distillation_settings(training: TrainingConfig) -> TrainingConfig:
    """Return the settings of a distillation phase: those of `training` without what belongs to GRPO's loss."""
    passed = {name: value for name, value in training.grpo.items() if name not in IGNORED_GRPO}
    return training.model_copy(update={**IGNORED, "grpo": passed})


def without_grpo(recipe: Recipe) -> Recipe:
    """Return the recipe of a distillation phase with the settings that count."""
    return replace(recipe, training=distillation_settings(recipe.training))


def check_distillation(experiment: Experiment, curricula: Sequence[Curriculum]) -> None:
    """Refuse settings with which a distillation cannot run.

    Raises:
        PlanError: A command trains the stages, a model is sharded, vLLM samples, or a step has too few prompts.
    """
    for prefix in distinct_phases(curricula):
        if isinstance(prefix.phases[-1], Distill):
            _check_phase(experiment, prefix)


def _check_phase(experiment: Experiment, prefix: Curriculum) -> None:
    phase, training, execution = prefix.phases[-1], settings_of(experiment, prefix).training, experiment.execution
    if training.engine is not None:
        raise PlanError(
            f'"{phase}" needs the built-in trainer, and training.engine runs a command.',
            where="training.engine",
            fix="Remove it, or leave the distillation out.",
        )
    if execution.sharding is not None:
        raise PlanError(
            f'"{phase}" cannot be sharded: its teachers are held whole by each process.',
            where="execution.sharding",
            fix="Remove it, or leave the distillation out.",
        )
    if training.uses_vllm:
        raise PlanError(
            f'"{phase}" was not tried with vLLM rollouts.',
            where="training.rollout",
            fix="Write `rollout: batched`, or leave the distillation out.",
        )
    processes, prompts = execution.train_processes, training.prompts_per_step
    if prompts < 2 or prompts % processes:
        raise PlanError(
            f'"{phase}" samples one completion per prompt, so a step has {prompts}. There should be at least 2, and '
            f"as many for each of {processes} processes.",
            where="training.prompts_per_step",
            fix=f"Choose a multiple of {max(2, processes)}.",
        )


def distillation_notes(experiment: Experiment, curricula: Sequence[Curriculum]) -> list[str]:
    """Return notes that name the settings of GRPO's loss that distillations ignore, each set of them once."""
    notes: dict[str, str] = {}
    for prefix in distinct_phases(curricula):
        phase, training = prefix.phases[-1], settings_of(experiment, prefix).training
        ignored = [name for name in IGNORED if name in training.model_fields_set - {"generations"}]
        ignored += [f"grpo.{name}" for name in training.grpo if name in IGNORED_GRPO]
        if isinstance(phase, Distill) and ignored:
            fields = f"training.{', training.'.join(ignored)}"
            notes.setdefault(fields, f'"{phase}" learns from teachers and ignores {fields}.')
    return list(notes.values())
