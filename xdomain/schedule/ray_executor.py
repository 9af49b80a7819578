"""Run stages as tasks of a Ray cluster. Ray places each task and reports lost ones. All other state is in the store.

Ray's own retries are disabled. The scheduler decides whether a stage starts again, depending on the cause of its exit,
and records this in the store.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import StageError
from xdomain.core.states import Cause
from xdomain.plan.graph import Setup
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.ray_connection import connect, first_line, handler_kept, load_ray
from xdomain.schedule.ray_nodes import check_nodes, check_settings
from xdomain.schedule.resources import Amounts, check_demands, demands, fits, room
from xdomain.schedule.worker_door import run_ray_task

LOOK_SECONDS = 2.0
LOST_SECONDS = 300.0
"""Time to wait for a new node if none is left that could run a stage."""
GPU_TASKS_PER_PROCESS = 1
"""Number of tasks per process. Only the end of a process is sure to free its GPU memory."""


class RayExecutor:
    """An executor that runs tasks on the nodes of a Ray cluster.

    Args:
        execution: Execution settings, of which `ray`, `resources`, `workers`, `threads` and `device` are used.
        store: The store's folder, which every node must see under this path.
        jobs: Largest number of stages that run at the same time; by default `execution.workers`, or else as many as fit
            on the nodes.

    Raises:
        DependencyMissing: Ray is not installed.
        ConfigError: The cluster cannot be reached, or no node has the resources that a stage requests.
    """

    def __init__(self, execution: ExecutionConfig, store: Path, jobs: int | None = None) -> None:
        self._ray = load_ray()
        self._store = store.resolve()
        self._most = jobs or execution.workers
        self._running: dict[Any, Task] = {}
        self._connected_here = not self._ray.is_initialized()
        if self._connected_here:
            connect(self._ray, execution)
        try:
            self._nodes = self._amounts()
            self._looked = self._capable = time.monotonic()
            self._demands = demands(execution, self._nodes)
            check_demands(self._demands, self._nodes)
        except BaseException:
            self._disconnect()
            raise

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        """Check that every node that can run stages has this version of xdomain and sees the store.

        One of the nodes also checks the settings with TRL.

        Raises:
            ConfigError: TRL refuses a setting, or a node has another version of xdomain or does not see the store.
        """
        alive = [node for node in self._ray.nodes() if node["Alive"]]
        able = [node for node in alive if room(self._demands, [node["Resources"]])]
        check_nodes(self._ray, able, self._store)
        trains = next(node for node in able if fits(self._demands[StageKind.TRAIN], node["Resources"]))
        check_settings(self._ray, trains, setup, loads_source=loads_source)

    def free_slots(self) -> int:
        return max(0, (self._most or self._room()) - len(self._running))

    def submit(self, task: Task) -> None:
        amounts = dict(self._demands[task.stages[0].kind])
        options: dict[str, Any] = {"num_cpus": amounts.pop("CPU", 0), "num_gpus": amounts.pop("GPU", 0)}
        if options["num_gpus"]:
            options["max_calls"] = GPU_TASKS_PER_PROCESS
        if "memory" in amounts:
            options["memory"] = int(amounts.pop("memory"))
        run = self._ray.remote(**options, resources=amounts, max_retries=0)(run_ray_task)
        self._running[run.options(name=task.name).remote(str(task.path.resolve()))] = task

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        if not self._running:
            return []
        self._room()
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=timeout_seconds)
        return [self._ended(self._running.pop(reference), reference) for reference in ready]

    def kill(self, task: Task) -> None:
        for reference, running in self._running.items():
            if running is task:
                self._ray.cancel(reference, force=True)

    def stop(self, *, at_once: bool) -> None:
        for reference in self._running:
            self._ray.cancel(reference, force=at_once)

    def close(self) -> None:
        self.stop(at_once=True)
        self._running.clear()
        self._disconnect()

    def _ended(self, task: Task, reference: Any) -> TaskExit:
        errors = self._ray.exceptions
        try:
            self._ray.get(reference)
        except errors.TaskCancelledError:
            return TaskExit(task, "a cancellation")
        except errors.OutOfMemoryError as error:
            return TaskExit(task, first_line(error), Cause.OUT_OF_MEMORY)
        except errors.RayTaskError as error:  # the worker raised before it could write to the store
            return TaskExit(task, f"{type(error.cause).__name__}: {error.cause}", Cause.ERROR)
        except errors.RayError as error:
            return TaskExit(task, f"{type(error).__name__}: {first_line(error)}", Cause.KILLED)
        return TaskExit(task)

    def _room(self) -> int:
        """Return how many stages fit on the nodes, according to the latest periodic check.

        Raises:
            StageError: No stage has fit on any node for `LOST_SECONDS`.
        """
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked, self._nodes = now, self._amounts()
        held = room(self._demands, self._nodes)
        if held:
            self._capable = now
        elif now - self._capable > LOST_SECONDS:
            raise StageError(
                f"for {LOST_SECONDS:.0f} s no node of the Ray cluster had the resources of a stage.",
                fix="Start nodes and repeat the command, which continues.",
            )
        return held

    def _amounts(self) -> list[Amounts]:
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def _disconnect(self) -> None:
        if self._connected_here and self._ray.is_initialized():
            with handler_kept():
                self._ray.shutdown()
