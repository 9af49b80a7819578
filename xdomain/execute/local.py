"""Stages in processes of this machine, forked from a server that imported torch, transformers and trl once.

A fork of the preloaded server starts a stage in about 0.02 s in place of the 7 s that the imports take. The server
never touches a GPU. Every worker watches a pipe from this process and ends when this process is gone, however it went.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from xdomain.config.experiment import Experiment
from xdomain.core.errors import StageError
from xdomain.execute.base import Ended, Task
from xdomain.execute.complaint import preflight_complaint, raise_complaint
from xdomain.execute.server_domains import VARIABLE, describe_domains
from xdomain.execute.worker import PRELOAD, run_task_file
from xdomain.plan.stage import StageKind

STARTS = 3
"""Times that a start is tried while the server dies under it."""


class LocalExecutor:
    """Args:
    workers: tasks at once.
    threads: torch threads a worker.
    devices: values for CUDA_VISIBLE_DEVICES, one a worker in turn; () leaves the variable alone.
    preload: modules that the server imports before it forks.
    train_processes: processes of a training stage, which counts as so many workers and gets so many devices.
    """

    def __init__(
        self,
        workers: int,
        threads: int,
        devices: Sequence[str] = (),
        preload: Sequence[str] = ("xdomain.execute.preload",),
        train_processes: int = 1,
    ) -> None:
        self._free: list[str | None] = list(devices) or [None] * workers
        self._train_slots = min(train_processes, len(self._free))
        self._waiting: deque[Task] = deque()  # submitted, but not enough slots are free yet
        self._never_started: list[Ended] = []
        self._running: dict[int, tuple[ForkServerProcess, Task, list[str | None]]] = {}
        # The server reads these when it imports torch; its children inherit them.
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(threads)
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))

    def preflight(self, experiment: Experiment) -> None:
        """In the first fork, so that packages are imported, and data read, once for this and all stages."""
        os.environ[VARIABLE] = describe_domains(experiment.domains)
        reader, writer = self._context.Pipe(duplex=False)
        process = self._start(preflight_main, experiment.model_dump_json(), writer)
        writer.close()
        try:
            complaint = reader.recv_bytes().decode()
        except EOFError:
            raise StageError("the worker server died while it imported the training packages.") from None
        finally:
            process.join()
        raise_complaint(complaint)

    def free_slots(self) -> int:
        return 0 if self._waiting else len(self._free)

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Start tasks in the order in which they came, as long as there are slots for the first."""
        while self._waiting and (slots := self._slots_for(self._waiting[0])):
            task = self._waiting.popleft()
            for slot in slots:
                self._free.remove(slot)
            devices = ",".join(slot for slot in slots if slot is not None)
            process = self._start(worker_main, str(task.path), devices or None)
            self._running[process.sentinel] = (process, task, slots)

    def _slots_for(self, task: Task) -> list[str | None]:
        """Free slots for a task, with different devices; [] if there are too few."""
        count = self._train_slots if task.stages[0].kind is StageKind.TRAIN else 1
        different = [slot for place, slot in enumerate(self._free) if slot is None or slot not in self._free[:place]]
        return different[:count] if len(different) >= count else []

    def _start(self, target: Callable[..., None], *arguments: object) -> ForkServerProcess:
        """Fork a process from the server, which is started anew if it is gone.

        Raises:
            StageError: it does not stay alive.
        """
        for _ in range(STARTS):
            process = self._context.Process(target=target, args=arguments)
            with _light_main(), suppress(OSError, EOFError):  # killed between our look and our request
                process.start()
                return process
        raise StageError("the worker server cannot be started: it ends at once.", fix="See its output above.")

    def finished(self, timeout_seconds: float) -> Sequence[Ended]:
        done, self._never_started = self._never_started, []
        if not self._running:
            return done
        for sentinel in wait(list(self._running), timeout=timeout_seconds):
            assert isinstance(sentinel, int)
            process, task, slots = self._running.pop(sentinel)
            process.join()
            how = _how(process.exitcode)
            process.close()
            self._free += slots
            done.append(Ended(task, how))
        self._start_waiting()
        return done

    def running_processes(self) -> list[int]:
        """Process numbers of the workers."""
        return [process.pid for process, _, _ in self._running.values() if process.pid is not None]

    def kill(self, task: Task) -> None:
        for process, running, _ in self._running.values():
            if running is task:
                process.kill()

    def stop(self, *, at_once: bool) -> None:
        self._never_started += [Ended(task) for task in self._waiting]
        self._waiting.clear()
        for process, _, _ in self._running.values():
            process.kill() if at_once else process.terminate()

    def close(self) -> None:
        self.stop(at_once=True)
        for process, _, slots in self._running.values():
            process.join()
            self._free += slots
        self._running.clear()


def preflight_main(experiment_json: str, answer: Connection) -> None:
    """Send what is wrong."""
    _end_with_parent()
    answer.send_bytes(preflight_complaint(experiment_json).encode())


def worker_main(task_path: str, device: str | None) -> None:
    """What a forked worker runs."""
    _end_with_parent()
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    # multiprocessing swallows errors of preloading; here a missing package shows with its name.
    for name in PRELOAD:
        if name not in sys.modules:
            importlib.import_module(name)
    run_task_file(task_path)


def _how(code: int | None) -> str | None:
    if not code:
        return None
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _light_main() -> Iterator[None]:
    """Keep children from importing this process's __main__ (pytest, a notebook, the command line): they need nothing
    of it."""
    main = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    main.__file__, main.__spec__ = None, None
    try:
        yield
    finally:
        main.__file__, main.__spec__ = file, spec
