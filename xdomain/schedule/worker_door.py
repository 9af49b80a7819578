"""Call the worker package. No other module of `schedule` names it.

The worker imports torch, which the scheduler must not do. So each function imports its target when it is called, in the
process that runs stages. Executors can send these functions to other processes, which find them by name.
"""

from __future__ import annotations

from typing import Any

from xdomain.core.error_json import error_to_json
from xdomain.core.errors import DependencyMissing, PluginError
from xdomain.core.installation import install_command
from xdomain.core.registry import load_attribute
from xdomain.plan.graph import Setup
from xdomain.plan.task import TaskFile

PRELOAD = "xdomain.worker.preload"
"""Module that a worker server imports before it forks. It imports everything that every stage needs."""


def run_task_file(task_path: str, cache: Any = None) -> None:
    """Run the stages of a task file in this process, whose signal handlers are replaced.

    Args:
        task_path: Path of the task file.
        cache: Backend cache from `backend_cache`, if this process runs several tasks.
    """
    _load("xdomain.worker.main:run_task_file")(task_path, cache=cache)


def run_task(file: TaskFile, cache: Any = None) -> None:
    """Run the stages of a task inside the calling process, whose signal handlers stay unchanged."""
    _load("xdomain.worker.main:run_task")(file, cache=cache)


def backend_cache() -> Any:
    """Return an empty `BackendCache`, which keeps an engine between tasks."""
    return _load("xdomain.worker.main:BackendCache")()


def run_preflight(setup: Setup, *, loads_source: bool) -> None:
    """Check a setup in this process; see `Executor.preflight`."""
    _load("xdomain.worker.main:run_preflight")(setup, loads_source=loads_source)


def preflight_complaint(setup_json: str, loads_source: bool) -> str:
    """Check a setup in this process. Return its error in the format of `error_to_json`; "" if there is none."""
    try:
        check = _load("xdomain.worker.main:preflight_complaint")
    except DependencyMissing as error:
        return error_to_json(error)
    complaint: str = check(setup_json, loads_source=loads_source)
    return complaint


def run_ray_task(task_path: str) -> None:
    """Run the stages of a task file in a Ray worker process, which Ray may reuse."""
    _load("xdomain.worker.main:run_ray_task")(task_path)


def run_slurm_job(task_path: str) -> None:
    """Run the stages of a task file as a Slurm job, which Slurm may ask to stop."""
    _load("xdomain.worker.main:run_slurm_job")(task_path)


def _load(target: str) -> Any:
    """Return the attribute of the worker package that "module:attribute" names.

    Raises:
        DependencyMissing: A package that the worker needs is installed but cannot be imported.
    """
    try:
        return load_attribute(target)
    except PluginError as error:
        cause = error.__cause__
        raise DependencyMissing(
            f"the training packages cannot be imported: {type(cause).__name__}: {cause}.",
            fix=f"Install them again: {install_command('train')}",
        ) from cause
