"""Translate an experiment's `training` into TRL's GRPOConfig, and build every one in a preflight."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trl import GRPOConfig

from xdomain.config.experiment import Experiment
from xdomain.config.phases import Distill
from xdomain.config.strategy import StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import ConfigError
from xdomain.core.stage import Sharding
from xdomain.generation.build import require_backend
from xdomain.generation.vllm_engine import check_arguments
from xdomain.plan.distillation import distillation_settings
from xdomain.plan.expand import expand_curricula
from xdomain.plan.recipe import distinct_phases, named_strategies, settings_of
from xdomain.strategies.build import build_strategy
from xdomain.train.command.process import command_line
from xdomain.train.passed_through import check_sampling, check_values
from xdomain.train.sharding import sharding_arguments
from xdomain.train.trackers import preflight_trackers

CHECKPOINTING_FIELD = next(
    name
    for name in ("activation_checkpointing", "gradient_checkpointing")
    if name in {field.name for field in dataclasses.fields(GRPOConfig)}
)
"""GRPOConfig's field for gradient checkpointing. Versions of transformers that have the new name warn about the old."""

FIXED: Mapping[str, Any] = {
    "report_to": "none",  # the module `trackers` adds them, isolated from the stage
    # The data set is the schedule: it is drawn beforehand and used once, in order.
    "shuffle_dataset": False,
    "num_train_epochs": 1,
    "remove_unused_columns": False,
    "logging_steps": 1,
    "save_strategy": "no",
    # Two, since a kill may leave the newest incomplete.
    "save_total_limit": 2,
    "disable_tqdm": True,
}
"""Settings that are the same for every stage."""


def scaled_rate(training: TrainingConfig, strategy: StrategyConfig) -> TrainingConfig:
    """Return a phase's training settings with the learning rate multiplied by the strategy's factor."""
    return training.model_copy(update={"learning_rate": strategy.learning_rate_scale * training.learning_rate})


def grpo_arguments(
    training: TrainingConfig,
    *,
    steps: int,
    seed: int,
    output: Path,
    device: str,
    processes: int = 1,
    sharding: Sharding | None = None,
) -> GRPOConfig:
    """Return TRL's configuration of one stage.

    Args:
        training: Training settings; those of a distillation have `generations` 1.
        steps: Number of optimizer steps.
        seed: Seed of rollouts and adapters.
        output: Folder for the trainer's own resume files.
        device: "cpu" or "cuda".
        processes: Number of processes that share a step.
        sharding: How they share the model; None if each holds it whole.

    Raises:
        ConfigError: TRL refuses a setting. The error repeats TRL's message.
    """
    settings: dict[str, Any] = {
        "output_dir": str(output),
        "seed": seed,
        "max_steps": steps,
        **_batches(training, processes),
        "num_generations": _group(training),
        "num_iterations": training.epochs_per_rollout,
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": training.lr_schedule,
        # transformers reads a value below 1 as a ratio of the total steps.
        "warmup_steps": training.warmup_ratio,
        "weight_decay": training.weight_decay,
        "max_grad_norm": training.max_grad_norm,
        "optim": training.optimizer,
        "loss_type": training.loss_type,
        "beta": training.beta,
        "epsilon": training.epsilon,
        "epsilon_high": training.epsilon_high,
        "scale_rewards": training.scale_rewards,
        "temperature": training.temperature,
        "top_p": training.top_p,
        "max_completion_length": training.max_completion_tokens,
        "bf16": training.bf16,
        CHECKPOINTING_FIELD: training.gradient_checkpointing,
        "use_cpu": device == "cpu",
        **FIXED,
        **_rollout_settings(training),
        **sharding_arguments(sharding),
        **training.grpo,
    }
    try:
        arguments = GRPOConfig(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"TRL refuses these settings: {error}", where="training") from error
    arguments.num_generations = training.generations
    return arguments


def preflight(experiment: Experiment, device: str) -> None:
    """Build the GRPOConfig and the strategies that stages will use, so that errors appear before the first stage.

    Raises:
        ConfigError: TRL or transformers refuses a setting, or the command of `training.engine` was not found.
        DependencyMissing: A strategy's solver, a tracker, or vLLM for rollouts is not installed.
    """
    if experiment.training.engine is not None:
        command_line(experiment.training.engine)
        return
    preflight_trackers(experiment.training.report_to)
    for _, strategy in named_strategies(experiment):
        build_strategy(strategy, experiment.domain_names, 0)
    training = experiment.training
    processes = experiment.execution.train_processes
    check_values(training.grpo)
    for each in _settings(experiment):
        arguments = grpo_arguments(
            each, steps=each.steps, seed=0, output=Path("preflight"), device=device, processes=processes
        )
        if each.rollout == "transformers" and each.grpo:
            check_sampling(arguments)
    # Last, so that a laptop without vLLM still checks everything else in a file for GPUs.
    if training.uses_vllm:
        require_backend("vllm", "training.rollout")
        check_arguments(training.vllm.arguments, "training.vllm.arguments")


def _settings(experiment: Experiment) -> Iterator[TrainingConfig]:
    """Yield the settings of `training`, and those of each phase that has others."""
    yield experiment.training
    for prefix in distinct_phases(expand_curricula(experiment)):
        distills = isinstance(prefix.phases[-1], Distill)
        own = settings_of(experiment, prefix).training if experiment.overrides or distills else None
        if own is not None:
            yield distillation_settings(own) if distills else own


def _group(training: TrainingConfig) -> int:
    """Return a number of completions per prompt that GRPOConfig accepts.

    It refuses 1, because GRPO compares the completions of a prompt. For 1 it gets a group of the whole rollout.
    """
    if training.generations > 1:
        return training.generations
    return training.prompts_per_step * training.updates_per_rollout


def _batches(training: TrainingConfig, processes: int) -> dict[str, int]:
    """Return GRPOConfig's fields that divide a step's completions among processes and micro-batches.

    Raises:
        ConfigError: The completions cannot be divided evenly.
    """
    completions = training.prompts_per_step * training.generations
    share, rest = divmod(completions, processes)
    if rest:
        raise ConfigError(
            f"prompts_per_step x generations = {completions} is not divisible by {processes} processes.",
            where="training.prompts_per_step",
            fix="Change one of the two, or execution.train_processes.",
        )
    micro = training.given_micro_batch or share
    if training.generations == 1:  # `micro_batch` was chosen for groups of completions
        micro = max(size for size in range(1, micro + 1) if share % size == 0)
    if share % micro:
        raise ConfigError(
            f"`micro_batch` should divide the {share} completions that each of {processes} processes has per step. "
            f"Found {micro}.",
            where="training.micro_batch",
        )
    accumulation = share // micro
    return {
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": accumulation,
        "steps_per_generation": accumulation * training.updates_per_rollout,
    }


def _rollout_settings(training: TrainingConfig) -> dict[str, Any]:
    if not training.uses_vllm:
        return {"use_vllm": False}
    return {"use_vllm": True, "vllm_mode": training.rollout.removeprefix("vllm-")}
