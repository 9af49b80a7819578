"""The worker's entry points, which executors call in the processes that run stages."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from pydantic import TypeAdapter

from xdomain.core.error_json import error_to_json
from xdomain.core.errors import XDomainError
from xdomain.core.exit_codes import LOST_LEASE, STOPPED
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.plan.graph import Setup
from xdomain.plan.task import TaskFile
from xdomain.store.store import Store
from xdomain.worker.preflight import run_preflight
from xdomain.worker.tasks import run_task

__all__ = [
    "BackendCache",
    "preflight_complaint",
    "run_preflight",
    "run_ray_task",
    "run_slurm_job",
    "run_task",
    "run_task_file",
]

SETUP: TypeAdapter[Setup] = TypeAdapter(Setup)


def run_task_file(task_path: str, *, stop: threading.Event | None = None, cache: BackendCache | None = None) -> None:
    """Run the task of a worker process, which stops on a signal.

    SIGTERM asks stages to stop at their next checkpoint. SIGINT is ignored, because Ctrl-C reaches the whole process
    group and only the scheduler should stop workers.

    Args:
        task_path: Path of the `TaskFile`.
        stop: Event that is set when stages should stop, for callers with other ways to stop them.
        cache: Cache that keeps the engine of evaluations, if this process runs several tasks.
    """
    stopping = stop or threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())
    run_task(TaskFile.read(Path(task_path)), stop=stopping, on_lost=_leave, cache=cache)


def run_ray_task(task_path: str) -> None:
    """Run a task in a process that Ray may use again for another task.

    Ray asks a task to stop through Python's handler of Ctrl-C. Here that handler asks stages to stop at their next
    checkpoint.
    """
    stop = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda number, frame: stop.set())
    try:
        run_task(TaskFile.read(Path(task_path)), stop=stop, on_lost=_leave)
    finally:
        signal.signal(signal.SIGINT, previous)


def run_slurm_job(task_path: str) -> None:
    """Run a task as a Slurm job. Exit with `STOPPED` if Slurm asked it to stop before all stages were done.

    Slurm announces a time limit by SIGUSR2 and a preemption by SIGTERM.
    """
    if not os.path.exists(task_path):
        print("the session that queued this job is gone, so there is nothing to do; `xdomain grid run` continues")
        return
    stop = threading.Event()
    signal.signal(signal.SIGUSR2, lambda number, frame: stop.set())
    run_task_file(task_path, stop=stop)
    if stop.is_set() and _is_open(TaskFile.read(Path(task_path))):
        sys.exit(STOPPED)


def preflight_complaint(setup_json: str, *, loads_source: bool) -> str:
    """Run a preflight for another process. Return its error as `error_to_json` writes it, or "" if it passed."""
    try:
        run_preflight(SETUP.validate_json(setup_json), loads_source=loads_source)
    except XDomainError as error:
        return error_to_json(error)
    return ""


def _is_open(file: TaskFile) -> bool:
    """Return whether a stage of a task is neither done nor failed."""
    store = Store(Path(file.store))
    stages = [order.stage for order in file.orders]
    done = store.done(stages)
    return any(stage.key not in done and store.failures.last(stage) is None for stage in stages)


def _leave() -> None:
    """End this process at once, since the worker that took the lease over may be writing to the same folder."""
    os._exit(LOST_LEASE)
