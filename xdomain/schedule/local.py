"""Run stages in processes of this machine, forked from a server. Every worker exits when this process has ended.

A worker that started an engine waits for the next task of that kind instead of exiting, so a grid starts at most one
engine per slot. On a GPU, the worker is ended when another task gets its device, because both need the memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from xdomain.core.error_json import error_from_json
from xdomain.core.errors import StageError
from xdomain.plan.graph import Setup
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.forked import kept_worker_main, preflight_main, worker_main
from xdomain.schedule.forkserver import ForkServer
from xdomain.schedule.resources import Amounts
from xdomain.schedule.slots import Slot, Slots
from xdomain.schedule.worker_door import PRELOAD


@dataclass(eq=False)
class Worker:
    """A worker process.

    Attributes:
        process: Process of the worker.
        slots: Slots that the worker occupies.
        orders: Connection over which a worker that keeps its engine gets tasks and reports that they are done; None for
            a worker that exits after its task.
        task: Current task, or the last one if the worker is idle.
    """

    process: ForkServerProcess
    slots: list[Slot]
    orders: Connection | None
    task: Task

    @property
    def kind(self) -> StageKind:
        return self.task.stages[0].kind

    def says_done(self) -> bool:
        """Return whether the worker reports that its task is done. It is False for a worker that exited."""
        try:
            return self.orders is not None and self.orders.poll() and bool(self.orders.recv_bytes())
        except (EOFError, OSError):
            return False

    def end(self) -> None:
        """Kill the process and wait until it has ended."""
        self.process.kill()
        self.process.join()


class LocalExecutor:
    """An executor that runs tasks in worker processes on this machine.

    Args:
        workers: Largest number of tasks that run at the same time.
        threads: Torch threads per worker.
        devices: Values of CUDA_VISIBLE_DEVICES, one per worker; () leaves the variable unchanged.
        preload: Modules that the worker server imports before it forks.
        train_processes: Number of processes of a training stage, which counts as that many workers.
        asked: Amounts that a stage of each kind reserves in addition to its slots, see `Slots`.
        capacity: Amounts that the machine has.
    """

    def __init__(
        self,
        workers: int,
        threads: int,
        devices: Sequence[str] = (),
        preload: Sequence[str] = (PRELOAD,),
        train_processes: int = 1,
        asked: Mapping[StageKind, Amounts] | None = None,
        capacity: Amounts | None = None,
    ) -> None:
        self._slots = Slots(list(devices) or [None] * workers, asked or {}, capacity or {}, train_processes)
        self._server = ForkServer(threads, preload)
        self._waiting: deque[Task] = deque()  # submitted, but not enough slots are free yet
        self._never_started: list[TaskExit] = []
        self._running: list[Worker] = []
        self._idle: list[Worker] = []

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        """Check settings and data in the first fork, so that the server imports and reads them only once."""
        self._server.read_domains(setup.domains)
        ours, theirs = self._server.pipe()
        process = self._server.start(preflight_main, setup.model_dump_json(), loads_source, theirs)
        theirs.close()
        try:
            complaint = ours.recv_bytes().decode()
        except EOFError:
            raise StageError("the worker server died while it imported the training packages.") from None
        finally:
            process.join()
        if complaint:
            raise error_from_json(complaint)

    def free_slots(self) -> int:
        return 0 if self._waiting else len(self._slots)

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._start_waiting()

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
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
            self._slots.give_back(worker.slots)
            done.append(TaskExit(worker.task, how))
        self._start_waiting()
        return done

    def running_processes(self) -> list[int]:
        """Return the process numbers of the workers that have a task."""
        return [worker.process.pid for worker in self._running if worker.process.pid is not None]

    def kill(self, task: Task) -> None:
        for worker in self._running:
            if worker.task is task:
                worker.process.kill()

    def stop(self, *, at_once: bool) -> None:
        self._never_started += [TaskExit(task) for task in self._waiting]
        self._waiting.clear()
        for worker in self._running:
            worker.process.kill() if at_once else worker.process.terminate()

    def close(self) -> None:
        self.stop(at_once=True)
        for worker in self._running:
            worker.process.join()
            self._slots.give_back(worker.slots)
        self._running.clear()
        for worker in self._idle:
            worker.end()
        self._idle.clear()
        self._server.close()

    def _start_waiting(self) -> None:
        """Start waiting tasks in order of submission, while enough slots are free for the next one."""
        while self._waiting and (slots := self._slots_for(self._waiting[0])):
            task = self._waiting.popleft()
            worker = self._take_idle() if task.keeps_engine else None
            worker = worker or self._new_worker(task, slots)
            self._slots.take(worker.slots)
            worker.task = task
            if worker.orders is not None:
                with suppress(OSError):  # the worker has just died; `finished` reports that
                    worker.orders.send_bytes(str(task.path).encode())
            self._running.append(worker)

    def _slots_for(self, task: Task) -> list[Slot]:
        engines = {slot for worker in self._idle for slot in worker.slots}
        return self._slots.choose(task.stages[0].kind, (worker.kind for worker in self._running), engines)

    def _take_idle(self) -> Worker | None:
        """Return an idle worker with an engine whose slot is free; None if there is none."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.is_alive():
                return worker
        return None

    def _new_worker(self, task: Task, slots: list[Slot]) -> Worker:
        """Start a worker in free slots, after ending idle workers whose device or memory it needs."""
        for idle in [each for each in self._idle if set(each.slots) & set(slots) - {None}]:
            idle.end()
            self._idle.remove(idle)
        kind = task.stages[0].kind
        while self._idle and not self._slots.has_room(kind, (each.kind for each in [*self._running, *self._idle])):
            self._idle.pop().end()
        devices = self._slots.visible_devices(kind, slots)
        if not task.keeps_engine:
            return Worker(self._server.start(worker_main, str(task.path), devices), slots, None, task)
        ours, theirs = self._server.pipe()
        process = self._server.start(kept_worker_main, theirs, devices)
        theirs.close()
        return Worker(process, slots, ours, task)


def _how(code: int | None) -> str | None:
    if not code:
        return None
    return f"signal {-code}" if code < 0 else f"exit code {code}"
