"""Stages in processes of this machine, forked from a server that imported torch, transformers and trl once.

A fork of the preloaded server starts a stage in about 0.02 s in place of the 4 s that the imports take. The server
never touches a GPU. Every worker watches a pipe from this process and ends when this process is gone, however it went.

A worker that started an engine waits for the next task of that kind instead of ending, so a grid starts at most one
engine a slot. On a GPU it is ended when another task gets its device, since both want the memory.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from xdomain.config.experiment import Experiment
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import StageError
from xdomain.core.threads import thread_environment
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Ended, Task
from xdomain.schedule.cluster_resources import Amounts
from xdomain.worker.complaint import preflight_complaint
from xdomain.worker.run import PRELOAD, run_task_file
from xdomain.worker.server_domains import VARIABLE, describe_domains

STARTS = 3
"""Times that a start is tried while the server dies under it."""


@dataclass(eq=False)
class Worker:
    """A worker process.

    Attributes:
        process: forked from the server.
        slots: values for CUDA_VISIBLE_DEVICES that it takes; None where no device is named.
        orders: where a worker that keeps its engine gets tasks and says that they are done; None for one that ends
            with its task.
        task: what it runs; the last one while it is idle.
    """

    process: ForkServerProcess
    slots: list[str | None]
    orders: Connection | None
    task: Task

    def says_done(self) -> bool:
        """Whether it tells that its task is done; a worker that ended does not."""
        try:
            return self.orders is not None and self.orders.poll() and bool(self.orders.recv_bytes())
        except (EOFError, OSError):
            return False

    def end(self) -> None:
        self.process.kill()
        self.process.join()


class LocalExecutor:
    """Args:
    workers: tasks at once.
    threads: torch threads a worker.
    devices: values for CUDA_VISIBLE_DEVICES, one a worker in turn; () leaves the variable alone.
    preload: modules that the server imports before it forks.
    train_processes: processes of a training stage, which counts as so many workers and gets so many devices.
    asked: what a stage of each kind sets aside besides; one that asks for several GPUs counts as so many workers too,
        and sees none where it asks for 0.
    capacity: what the machine has of that.
    """

    def __init__(
        self,
        workers: int,
        threads: int,
        devices: Sequence[str] = (),
        preload: Sequence[str] = ("xdomain.worker.preload",),
        train_processes: int = 1,
        asked: Mapping[StageKind, Amounts] | None = None,
        capacity: Amounts | None = None,
    ) -> None:
        self._free: list[str | None] = list(devices) or [None] * workers
        self._asked = {kind: (asked or {}).get(kind, {}) for kind in StageKind}
        self._capacity = capacity or {}
        self._slots = {kind: max(1, int(each.get("GPU", 0))) for kind, each in self._asked.items()}
        self._slots[StageKind.TRAIN] = max(self._slots[StageKind.TRAIN], min(train_processes, len(self._free)))
        self._waiting: deque[Task] = deque()  # submitted, but not enough slots are free yet
        self._never_started: list[Ended] = []
        self._running: list[Worker] = []
        self._idle: list[Worker] = []
        # The server reads these when it imports torch; its children inherit them.
        os.environ.update(thread_environment(threads))
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))

    def preflight(self, experiment: Experiment, *, loads_source: bool = False) -> None:
        """In the first fork, so that packages are imported, and data read, once for this and all stages."""
        os.environ[VARIABLE] = describe_domains(experiment.domains)
        reader, writer = self._context.Pipe(duplex=False)
        process = self._start(preflight_main, experiment.model_dump_json(), loads_source, writer)
        writer.close()
        try:
            complaint = reader.recv_bytes().decode()
        except EOFError:
            raise StageError("the worker server died while it imported the training packages.") from None
        finally:
            process.join()
        if complaint:
            raise error_from_json(complaint)

    def free_slots(self) -> int:
        return 0 if self._waiting else len(self._free)

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Start tasks in the order in which they came, as long as there are slots for the first."""
        while self._waiting and (slots := self._slots_for(self._waiting[0])):
            task = self._waiting.popleft()
            worker = self._take_idle() if task.keeps_engine else None
            worker = worker or self._new_worker(task, slots)
            for slot in worker.slots:
                self._free.remove(slot)
            worker.task = task
            if worker.orders is not None:
                with suppress(OSError):  # it died just now, which `finished` tells
                    worker.orders.send_bytes(str(task.path).encode())
            self._running.append(worker)

    def _take_idle(self) -> Worker | None:
        """A worker with an engine whose slot is free; idle ones' slots are unless another took the device."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.is_alive():
                return worker
        return None

    def _new_worker(self, task: Task, slots: list[str | None]) -> Worker:
        for idle in [each for each in self._idle if set(each.slots) & set(slots) - {None}]:
            idle.end()
            self._idle.remove(idle)
        kind = task.stages[0].kind
        while self._idle and not self._has_room(kind, [*self._running, *self._idle]):
            self._idle.pop().end()
        devices = ",".join(slot for slot in slots if slot is not None) or None
        if self._asked[kind].get("GPU") == 0:
            devices = ""
        if not task.keeps_engine:
            return Worker(self._start(worker_main, str(task.path), devices), slots, None, task)
        ours, theirs = self._context.Pipe()
        process = self._start(kept_worker_main, theirs, devices)
        theirs.close()
        return Worker(process, slots, ours, task)

    def _slots_for(self, task: Task) -> list[str | None]:
        """Free slots for a task, with different devices; [] if there are too few."""
        kind = task.stages[0].kind
        if not self._has_room(kind, self._running):
            return []
        count = self._slots[kind]
        different = [slot for place, slot in enumerate(self._free) if slot is None or slot not in self._free[:place]]
        engines = {slot for worker in self._idle for slot in worker.slots if slot is not None}
        different.sort(key=engines.__contains__)  # an engine is ended for want of another device alone
        return different[:count] if len(different) >= count else []

    def _has_room(self, kind: StageKind, beside: Sequence[Worker]) -> bool:
        """Whether cores and memory are left for a stage that says what it needs, beside what others said."""
        taken = [self._asked[worker.task.stages[0].kind] for worker in beside]
        return all(
            amount + sum(each.get(name, 0.0) for each in taken) <= self._capacity[name]
            for name, amount in self._asked[kind].items()
            if name != "GPU"  # slots are
        )

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
        heard: dict[Connection | int, Worker] = {worker.process.sentinel: worker for worker in self._running}
        heard |= {worker.orders: worker for worker in self._running if worker.orders is not None}
        for worker in dict.fromkeys(heard[each] for each in wait(list(heard), timeout=timeout_seconds)):  # type: ignore[index]
            self._running.remove(worker)
            how = None
            if worker.says_done():
                self._idle.append(worker)
            else:
                worker.process.join()
                how = _how(worker.process.exitcode)
                worker.process.close()
            self._free += worker.slots
            done.append(Ended(worker.task, how))
        self._start_waiting()
        return done

    def running_processes(self) -> list[int]:
        """Process numbers of the workers that have a task."""
        return [worker.process.pid for worker in self._running if worker.process.pid is not None]

    def kill(self, task: Task) -> None:
        for worker in self._running:
            if worker.task is task:
                worker.process.kill()

    def stop(self, *, at_once: bool) -> None:
        self._never_started += [Ended(task) for task in self._waiting]
        self._waiting.clear()
        for worker in self._running:
            worker.process.kill() if at_once else worker.process.terminate()

    def close(self) -> None:
        self.stop(at_once=True)
        for worker in self._running:
            worker.process.join()
            self._free += worker.slots
        self._running.clear()
        for worker in self._idle:
            worker.end()
        self._idle.clear()


def preflight_main(experiment_json: str, loads_source: bool, answer: Connection) -> None:
    """Send what is wrong."""
    _end_with_parent()
    answer.send_bytes(preflight_complaint(experiment_json, loads_source=loads_source).encode())


def worker_main(task_path: str, device: str | None) -> None:
    """What a forked worker runs."""
    _prepare(device)
    run_task_file(task_path)


def kept_worker_main(orders: Connection, device: str | None) -> None:
    """What a worker runs that keeps its engine: one task after another, each answered when it is done.

    It ends with a task that left it without one: an error did that, and after one on a GPU a process is of no more use.
    """
    _prepare(device)
    kept = importlib.import_module("xdomain.evaluate.kept").KeptBackend()
    with suppress(EOFError):
        while True:
            run_task_file(orders.recv_bytes().decode(), kept)
            if kept.is_empty:
                return
            orders.send_bytes(b"done")


def _prepare(device: str | None) -> None:
    _end_with_parent()
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    # multiprocessing swallows errors of preloading; here a missing package shows with its name.
    for name in PRELOAD:
        if name not in sys.modules:
            importlib.import_module(name)


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
