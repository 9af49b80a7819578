"""A training stage on several processes, which a worker starts with `accelerate launch`.

The worker keeps the lease, passes on progress and orders, and publishes. The processes (`group_member`) only train.
They exchange small files in a separate folder: the worker writes `task.json` and `stop`, and the processes write
`progress.json`, `result.json` and `error-<rank>.json`. They end when the worker ends for any reason.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from xdomain.config.execution import ExecutionConfig, FsdpConfig
from xdomain.config.model_base import ConfigModel
from xdomain.config.setups import TrainingSetup
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import StageError
from xdomain.core.files import read_json, write_private
from xdomain.core.process import process_started
from xdomain.core.stage import StageContext, StageResult
from xdomain.core.threads import thread_environment
from xdomain.plan.stage import TrainStage

LOOK_SECONDS = 0.2
END_SECONDS = 10.0
"""Time that the launcher has to end when it is asked to. Then it is killed."""


class GroupTask(ConfigModel):
    """The task file that each process of a group reads."""

    setup: TrainingSetup
    stage: TrainStage
    work: str
    scratch: str
    inputs: dict[str, str]
    seed: int
    device: str
    threads: int
    sharding: FsdpConfig | None
    worker_pid: int
    worker_started: float | None
    """Start time of the worker. With the process id it identifies the worker, without which the group ends."""


class MemberFailure(ConfigModel):
    """The error that ended one process of a group.

    Attributes:
        what: Class and message of the exception.
        error_json: The error as `error_to_json` writes it, if it is an `XDomainError`.
        out_of_memory: Whether memory ran out.
        of_another: Whether the process only noticed that another process is gone.
    """

    what: str
    error_json: str | None
    out_of_memory: bool
    of_another: bool


class GroupLost(StageError):
    """Error for a process of a group that ended without a result or an error, most likely because it was killed."""


def run_group(
    setup: TrainingSetup, stage: TrainStage, context: StageContext, execution: ExecutionConfig
) -> StageResult:
    """Train a stage on several processes of this machine.

    Raises:
        GroupLost: A process ended without a result or an error.
        MemoryError: A process ran out of memory.
        XDomainError: A process raised it.
    """
    processes, threads = execution.train_processes, execution.threads
    folder = context.scratch / "group"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    task = GroupTask(
        setup=setup,
        stage=stage,
        work=str(context.work),
        scratch=str(context.scratch),
        inputs={key: str(path) for key, path in context.inputs.items()},
        seed=context.seed,
        device=context.device,
        threads=threads,
        sharding=execution.fsdp if execution.sharding == "fsdp" else None,
        worker_pid=os.getpid(),
        worker_started=process_started(os.getpid()),
    )
    path = folder / "task.json"
    write_private(path, task.model_dump_json())
    launcher = subprocess.Popen(launch_command(path, processes, threads), env=os.environ | thread_environment(threads))  # noqa: S603
    try:
        code = _follow(launcher, folder, context)
    finally:
        _end(launcher)
        path.unlink(missing_ok=True)
    return _result(folder, code)


def launch_command(task: Path, processes: int, threads: int) -> list[str]:
    """Return the command line of accelerate.

    `--multi_gpu` makes it start several processes, on a CPU too. With `--cpu` it would start one, unless MPI is
    available.
    """
    options = {
        "num_processes": processes,
        "num_machines": 1,
        "mixed_precision": "no",  # the trainer has its own setting
        "dynamo_backend": "no",
        "num_cpu_threads_per_process": threads,
        "main_process_port": 0,  # any free one: several groups may run on this machine
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", *flags]
    return [*launch, "-m", "xdomain.worker.group_member", str(task)]


def _follow(launcher: subprocess.Popen[bytes], folder: Path, context: StageContext) -> int:
    """Pass on progress and the order to stop until the launcher ends, and return its exit code."""
    shown: Any = None
    while True:
        with suppress(subprocess.TimeoutExpired):
            return launcher.wait(LOOK_SECONDS)
        with suppress(FileNotFoundError, ValueError):
            progress = read_json(folder / "progress.json")
            if progress != shown:
                shown = progress
                context.reporter.progress(progress["done"], progress["total"], **progress["values"])
        if context.stop_requested():
            (folder / "stop").touch()


def _end(launcher: subprocess.Popen[bytes]) -> None:
    if launcher.poll() is not None:
        return
    launcher.send_signal(signal.SIGTERM)
    try:
        launcher.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()


def _result(folder: Path, code: int) -> StageResult:
    for path in sorted(folder.glob("error-*.json")):
        error = MemberFailure.model_validate(read_json(path))
        if error.of_another:  # the other process's error says why; if there is none, it was killed
            continue
        if error.out_of_memory:
            raise MemoryError(error.what)
        if error.error_json is not None:
            raise error_from_json(error.error_json)
        raise StageError(error.what, where=path.stem.replace("error-", "process "))
    result = folder / "result.json"
    if code or not result.is_file():
        raise GroupLost(f"a process of its group ended without a result (exit code {code} of accelerate launch).")
    answer = read_json(result)
    return StageResult(finished=answer["finished"], summary=answer["summary"])
