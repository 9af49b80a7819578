"""A training stage on several processes: a worker starts them with `accelerate launch` and speaks for them.

The worker keeps the lease, passes on progress and orders, and publishes; the processes (`group_member`) only train.
They talk through small files in a folder of their own: `task.json` and `stop` go to them, `progress.json`,
`result.json` and `error-<rank>.json` come back. They end when the worker is gone, however it went.
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
"""After this the launcher, told to end, is killed."""


class GroupTask(ConfigModel):
    """What each process of a group reads."""

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
    """With the number, who must live for the group to go on."""


class MemberFailure(ConfigModel):
    """What ended one process of a group.

    Attributes:
        what: class and message of the exception.
        error_json: the error as `error_to_json` writes it, if it is one of ours.
        out_of_memory: memory ran out.
        of_another: the process only noticed that another one is gone.
    """

    what: str
    error_json: str | None
    out_of_memory: bool
    of_another: bool


class GroupLost(StageError):
    """A process of the group ended without a word: killed, most likely."""


def run_group(
    setup: TrainingSetup, stage: TrainStage, context: StageContext, execution: ExecutionConfig
) -> StageResult:
    """Train a stage on several processes of this machine.

    Raises:
        GroupLost: one of them vanished.
        MemoryError: one of them ran out of memory.
        XDomainError: what one of them raised.
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
    """The command line of accelerate. `--multi_gpu` is what starts several processes, on a CPU too: with `--cpu` it
    would start one, unless there is MPI."""
    options = {
        "num_processes": processes,
        "num_machines": 1,
        "mixed_precision": "no",  # the trainer's own setting counts
        "dynamo_backend": "no",
        "num_cpu_threads_per_process": threads,
        "main_process_port": 0,  # any free one: several groups may run on this machine
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", *flags]
    return [*launch, "-m", "xdomain.worker.group_member", str(task)]


def _follow(launcher: subprocess.Popen[bytes], folder: Path, context: StageContext) -> int:
    """Pass on progress and the order to stop until the launcher ends; its exit code."""
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
        if error.of_another:  # the other one's own words say why, and if it has none, it was killed
            continue
        if error.out_of_memory:
            raise MemoryError(error.what)
        if error.error_json is not None:
            raise error_from_json(error.error_json)
        raise StageError(error.what, where=path.stem.replace("error-", "process "))
    result = folder / "result.json"
    if code or not result.is_file():
        raise GroupLost(f"a process of its group vanished; accelerate launch ended with exit code {code}.")
    answer = read_json(result)
    return StageResult(finished=answer["finished"], summary=answer["summary"])
