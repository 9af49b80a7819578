"""Rules between the training settings of a phase and those of its processes and checkpoints."""

from __future__ import annotations

from xdomain.config.evaluation import CheckpointsConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.training import TrainingConfig


def check_phase_rules(training: TrainingConfig, execution: ExecutionConfig, checkpoints: CheckpointsConfig) -> None:
    """Check that a phase with these settings can be divided among its processes, and saved when it should be.

    Raises:
        ValueError: A step's completions cannot be divided, or a checkpoint would fall inside a rollout's use.
    """
    _check_checkpoints(training, checkpoints)
    _check_refresh(training)
    _check_processes(training, execution.train_processes)


def _check_refresh(training: TrainingConfig) -> None:
    alarms, period = training.alarms, training.rollout_period
    if alarms is None or not alarms.refreshes:
        return
    if training.budget == "total":
        raise ValueError(
            "training.alarms.on_alarm: `refresh` adds steps to a curriculum, but the budget `total` fixes them. Use "
            "another budget, or `warn`."
        )
    if alarms.refresh_steps is not None and alarms.refresh_steps % period:
        raise ValueError(
            f"training.alarms.refresh_steps should be a multiple of updates_per_rollout x epochs_per_rollout = "
            f"{period}. Found {alarms.refresh_steps}."
        )


def _check_processes(training: TrainingConfig, processes: int) -> None:
    if processes > 1 and training.alarms is not None and training.alarms.stops:
        raise ValueError(
            "training.alarms.on_alarm: `stop` is not supported with execution.train_processes above 1 yet. Use `warn`."
        )
    if processes == 1 or training.engine is not None:  # a command starts its own processes
        return
    completions = training.prompts_per_step * training.generations
    if completions < processes:
        raise ValueError(
            f"execution.train_processes: {processes} processes share a step of prompts_per_step x generations = "
            f"{completions} completions, so some would have none. Lower it, or take more prompts per step."
        )
    micro_batch = training.micro_batch if isinstance(training.micro_batch, int) else None
    if completions % (processes * (micro_batch or 1)):
        raise ValueError(
            f"execution.train_processes: prompts_per_step x generations = {completions} should be divisible by "
            f"train_processes x micro_batch. Found {processes} processes"
            + (f", micro_batch {micro_batch}." if micro_batch else ".")
        )
    if training.rollout == "transformers" and training.rollout_draws == "stream":
        raise ValueError(
            "execution.train_processes: above 1 it needs `training.rollout_draws: place`, or the number of "
            "processes would decide which completions are sampled."
        )


def _check_checkpoints(training: TrainingConfig, checkpoints: CheckpointsConfig) -> None:
    period, every = training.rollout_period, checkpoints.every_steps
    if training.steps % period:
        raise ValueError(
            f"training.steps should be a multiple of updates_per_rollout x epochs_per_rollout = {period}. "
            f"Found {training.steps}."
        )
    if every is not None and every % period:
        raise ValueError(
            f"checkpoints.every_steps should be a multiple of updates_per_rollout x epochs_per_rollout = {period}: "
            f"a rollout in use cannot be saved. Found {every}."
        )
