"""Run a plan with the executor that the experiment names."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import closing, suppress

from xdomain.core.errors import DependencyMissing, StoreError
from xdomain.core.installation import install_command
from xdomain.core.states import EventKind
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.executors import make_executor
from xdomain.schedule.repair import has_damaged_records
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.experiments import note_experiment
from xdomain.store.lease import release_dead
from xdomain.store.optional import grown
from xdomain.store.store import Store


def run_plan(
    plan: Graph,
    store: Store,
    jobs: int | None,
    on_event: Callable[[Event | None], None],
    on_start: Callable[[Scheduler], None],
) -> RunOutcome:
    """Check the settings with TRL, then run every stage that is not in the store.

    Args:
        plan: Stages to run.
        store: The store.
        jobs: Number of workers, which overrides the experiment's; None uses the experiment's.
        on_event: Called with every event, and with None whenever progress may have changed.
        on_start: Called with the scheduler before it runs, so that the caller can stop it and read its progress.

    Raises:
        ConfigError: TRL refuses a setting.
        DependencyMissing: The training packages are not installed.
    """
    if _is_finished(plan, store) and _is_finished(needed := grown(plan, store), store):
        with suppress(StoreError, OSError):  # a read-only store cannot lose stages anyway
            _note(plan, store)
            _tidy(plan, store)
        return RunOutcome(
            reused=list(needed.stages), not_needed=[key for key in plan.optional if key not in needed.stages]
        )
    store.create()
    _note(plan, store)
    _require_training_packages()

    def on_wait(task: Task, message: str) -> None:
        on_event(Event(EventKind.WAITING, task.stages[0], {"message": message}))

    with closing(make_executor(plan.setup.execution, store, jobs, on_wait)) as executor:
        bases = [stage for stage in plan.stages.values() if stage.kind is StageKind.BASE]
        # With several models, each base stage reports its own problem, so that one unreadable model does not stop the
        # others.
        loads_source = not plan.own and len(store.done(bases)) < len(bases)
        by_backend = {each.evaluation.backend: each for each in (*plan.own.values(), plan.setup)}
        for setup in by_backend.values():
            executor.preflight(setup, loads_source=loads_source)
        scheduler = Scheduler(plan, store, executor, on_event)
        on_start(scheduler)
        outcome = scheduler.run()
    _tidy(plan, store)
    return outcome


def _note(plan: Graph, store: Store) -> None:
    """Note an experiment in the store, so that `grid gc` keeps its stages until the experiment is forgotten.

    A plan that only evaluates stages of other experiments is not noted.
    """
    if isinstance(plan, Plan):
        note_experiment(store, plan)


def _tidy(plan: Graph, store: Store) -> None:
    """Release the leases of workers that were killed after they had published their stage."""
    names = store.names("leases")
    stages = plan.whole.stages.values()
    done = store.done(stages)
    for stage in stages:
        path = store.lease_path(stage)
        if stage.key in done and path.name in names:
            release_dead(path)


def _is_finished(plan: Graph, store: Store) -> bool:
    """Return whether every stage is published, and also sound if the experiment rebuilds corrupt ones."""
    stages = plan.stages.values()
    if len(store.done(stages)) < len(stages):
        return False
    remake = plan.setup.execution.damaged == "remake"
    return not (remake and any(has_damaged_records(stage, store) for stage in stages))


def _require_training_packages() -> None:
    for name in ("torch", "transformers", "trl", "peft", "datasets"):
        if importlib.util.find_spec(name) is None:
            raise DependencyMissing(f'the package "{name}" is not installed.', fix=install_command("train"))
