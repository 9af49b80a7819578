"""Create the executor that an experiment names."""

from __future__ import annotations

import os
from collections.abc import Callable

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.schedule.base import Executor, Task
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.ray_executor import RayExecutor
from xdomain.schedule.resources import asked_of_machine, machine_capacity, visible_gpus
from xdomain.schedule.slurm_executor import SlurmExecutor
from xdomain.store.store import Store


def make_executor(
    execution: ExecutionConfig,
    store: Store,
    jobs: int | None,
    on_wait: Callable[[Task, str], None] = lambda *_: None,
) -> Executor:
    """Return the executor of an experiment.

    Args:
        execution: Execution settings of the experiment.
        store: The store.
        jobs: Number of workers, which overrides the experiment's; None uses the experiment's.
        on_wait: Called with a waiting task and a message for the user: a node is drained, or a job was queued again.

    Raises:
        ConfigError: The cluster cannot be reached, or it or this machine lacks the requested resources.
        DependencyMissing: The executor's extra is not installed.
    """
    match execution.executor:
        case "ray":
            return RayExecutor(execution, store.root, jobs)
        case "slurm":
            return SlurmExecutor(execution, store.root, jobs, on_wait)
        case "local":
            return _local_executor(execution, jobs)
        case "inline":
            asked_of_machine(execution, machine_capacity(len(visible_gpus(execution.device))))
            return InlineExecutor()


def _local_executor(execution: ExecutionConfig, jobs: int | None) -> LocalExecutor:
    devices = visible_gpus(execution.device)
    processes = execution.train_processes
    if len(devices) < processes and (devices or execution.device == "cuda"):
        raise ConfigError(
            f"a training stage needs {processes} GPU{'s' * (processes > 1)}, and this machine shows {len(devices)}.",
            where="execution.device" if processes == 1 else "execution.train_processes",
            fix="Set `execution.device: cpu`, check CUDA_VISIBLE_DEVICES, or lower `execution.train_processes`.",
        )
    capacity = machine_capacity(len(devices))
    asked = asked_of_machine(execution, capacity)
    workers = jobs or execution.workers or len(devices) or max(1, (os.cpu_count() or 1) // execution.threads)
    workers = max(workers, processes, *(int(each.get("GPU", 0)) for each in asked.values()))
    slots = [devices[index % len(devices)] for index in range(workers)] if devices else []
    return LocalExecutor(workers, execution.threads, slots, train_processes=processes, asked=asked, capacity=capacity)
