"""Make sbatch's options and the shell lines for the job of a stage."""

from __future__ import annotations

import shlex

from xdomain.config.execution import ExecutionConfig, StageResources
from xdomain.core.errors import ConfigError
from xdomain.core.threads import thread_environment
from xdomain.plan.stage import StageKind
from xdomain.schedule.resources import demand


def job_options(execution: ExecutionConfig, kind: StageKind) -> dict[str, str | int | bool]:
    """Return sbatch's long options for a stage of a kind.

    Raises:
        ConfigError: A stage requests a part of a GPU, or its time limit leaves no time to stop.
    """
    asked = demand(execution, kind, on_gpu=execution.device == "cuda")
    gpus = asked.get("GPU", 0.0)
    if gpus % 1:
        raise ConfigError(
            f"Slurm gives whole GPUs. Found {gpus}.",
            where=f"execution.resources.{kind}.gpus",
            fix="Request 0 or 1. Slurm's shards can be requested under `execution.slurm`: {gres: shard:1}.",
        )
    options: dict[str, str | int | bool] = {"nodes": 1, "cpus-per-task": int(asked["CPU"])}
    if gpus:
        options["gpus-per-node"] = int(gpus)
    if "memory" in asked:
        options["mem"] = f"{int(asked['memory'] / 2**20)}M"  # Slurm's M is 2^20 bytes
    minutes = _minutes(execution, kind)
    if minutes is not None:
        options["time"] = minutes
    further: dict[str, str | int | bool] = getattr(execution.slurm, kind.value)
    return options | execution.slurm.options | further


def job_setup(execution: ExecutionConfig) -> list[str]:
    """Return the shell lines that every job begins with."""
    variables = thread_environment(execution.threads).items()
    export = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables)
    return [f"export {export}", *execution.slurm.setup]


def _minutes(execution: ExecutionConfig, kind: StageKind) -> int | None:
    resources: StageResources = getattr(execution.resources, kind.value)
    if resources.minutes is not None and resources.minutes * 60 <= execution.slurm.stop_seconds:
        raise ConfigError(
            f"{resources.minutes} minutes leave no time before a job is told to stop, {execution.slurm.stop_seconds} s "
            "before their end.",
            where=f"execution.resources.{kind}.minutes",
            fix="Raise the minutes, or lower `execution.slurm.stop_seconds`.",
        )
    return resources.minutes
