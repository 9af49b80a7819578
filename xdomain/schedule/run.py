"""Run a plan with the executor that the experiment names."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from contextlib import closing, suppress

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError, DependencyMissing, StoreError
from xdomain.core.states import EventKind
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Executor, Task
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.machine import asked_of_machine, capacity, visible_gpus
from xdomain.schedule.repair import has_damaged_records
from xdomain.schedule.scheduler import Event, RunOutcome, Scheduler
from xdomain.store.experiments import note_experiment
from xdomain.store.store import Store


def make_executor(
    execution: ExecutionConfig, store: Store, jobs: int | None, tell: Callable[[Task, str], None] = lambda *_: None
) -> Executor:
    """The executor of an experiment; `jobs` overrides its number of workers.

    Args:
        tell: called with what users should know of a task that waits: a node is drained, a job was queued again.

    Raises:
        ConfigError: the cluster cannot be reached or cannot give what is asked of it.
        DependencyMissing: the executor's extra is not installed.
    """
    if execution.executor == "ray":
        from xdomain.schedule.ray_executor import RayExecutor

        return RayExecutor(execution, store.root, jobs)
    if execution.executor == "slurm":
        from xdomain.schedule.slurm_executor import SlurmExecutor

        return SlurmExecutor(execution, store.root, jobs, tell)
    devices = visible_gpus(execution.device)
    processes = execution.train_processes
    local = execution.executor == "local"
    if local and len(devices) < processes and (devices or execution.device == "cuda"):
        raise ConfigError(
            f"a training stage needs {processes} GPU{'s' * (processes > 1)}, and this machine shows {len(devices)}.",
            where="execution.device" if processes == 1 else "execution.train_processes",
            fix="Set `execution.device: cpu`, look at CUDA_VISIBLE_DEVICES, or lower `execution.train_processes`.",
        )
    has = capacity(len(devices))
    asked = asked_of_machine(execution, has)
    if not local:
        return InlineExecutor()
    workers = jobs or execution.workers or len(devices) or max(1, (os.cpu_count() or 1) // execution.threads)
    workers = max(workers, processes, *(int(each.get("GPU", 0)) for each in asked.values()))
    slots = [devices[place % len(devices)] for place in range(workers)] if devices else []
    return LocalExecutor(workers, execution.threads, slots, train_processes=processes, asked=asked, capacity=has)


def run_plan(
    plan: Graph,
    store: Store,
    jobs: int | None,
    watch: Callable[[Event | None], None],
    on_start: Callable[[Scheduler], None],
) -> RunOutcome:
    """Check the settings with TRL, then run every stage that is not in the store.

    Args:
        on_start: gets the scheduler before it runs (to stop it, to look at progress).

    Raises:
        ConfigError: TRL refuses a setting.
        DependencyMissing: the training packages are not installed.
    """
    if _is_finished(plan, store):
        with suppress(StoreError):  # a store that is read-only loses nothing either
            _note(plan, store)
        return RunOutcome(reused=list(plan.stages))
    store.create()
    _note(plan, store)
    _require_training_packages()

    def tell(task: Task, message: str) -> None:
        watch(Event(EventKind.WAITING, task.stages[0], {"message": message}))

    with closing(make_executor(plan.experiment.execution, store, jobs, tell)) as executor:
        bases = [stage for stage in plan.stages.values() if stage.kind is StageKind.BASE]
        # Of several models each base stage tells for itself, so that one that cannot be read does not stop the others.
        loads_source = not plan.own and len(store.done(bases)) < len(bases)
        by_backend = {each.evaluation.backend: each for each in (*plan.own.values(), plan.experiment)}
        for experiment in by_backend.values():
            executor.preflight(experiment, loads_source=loads_source)
        scheduler = Scheduler(plan, store, executor, watch)
        on_start(scheduler)
        return scheduler.run()


def _note(plan: Graph, store: Store) -> None:
    """An experiment's stages stay until it is forgotten; evaluations of another's stages go with these."""
    if isinstance(plan, Plan):
        note_experiment(store, plan)


def _is_finished(plan: Graph, store: Store) -> bool:
    """Every stage is published, and where the experiment wants what is damaged made again, none is."""
    stages = plan.stages.values()
    if len(store.done(stages)) < len(stages):
        return False
    remake = plan.experiment.execution.damaged == "remake"
    return not (remake and any(has_damaged_records(stage, store) for stage in stages))


def _require_training_packages() -> None:
    for name in ("torch", "transformers", "trl", "peft", "datasets"):
        if importlib.util.find_spec(name) is None:
            raise DependencyMissing(f'the package "{name}" is not installed.', fix='pip install "xdomain[train]"')
