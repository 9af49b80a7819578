"""Run the stages that are not in the store, and notify an observer."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from xdomain.api.alarms import planned_alarms
from xdomain.config.execution import ResourcesConfig
from xdomain.core.errors import Interrupted, StageError, StoreError
from xdomain.core.words import count
from xdomain.plan.explain import narrow
from xdomain.plan.graph import Graph, Plan
from xdomain.schedule import run as schedule
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.experiments import note_experiment
from xdomain.store.store import Store
from xdomain.store.trained_overlap import refuse_trained_overlaps


class RunObserver:
    """An observer of a session. By default it only warns. Subclasses override the methods that they need."""

    def begin(self, graph: Graph, store: Store) -> None:
        """Called before the stages of `graph` run in `store`, before anything is checked or started."""

    def schedule(self, scheduler: Scheduler) -> None:
        """Called after the settings were checked, before `scheduler` starts stages."""

    def watch(self, event: Event | None) -> None:
        """Called with each event of a stage, and with None if running stages may have progressed."""

    def note(self, message: str) -> None:
        """Called before work that is not a stage begins, with a description."""

    def warn(self, message: str) -> None:
        """Called with a warning that the user should know before the stages run."""
        warnings.warn(message, stacklevel=2)

    def stop(self) -> None:
        """Called when the user asks the session to stop."""

    def close(self) -> None:
        """Called when no stage runs any longer, whether the session succeeded or raised an error."""

    def end(self, outcome: RunOutcome) -> None:
        """Called with the result of the session, after `close`."""


def run_experiment(
    plan: Plan, store: Store, observer: RunObserver, jobs: int | None = None, stages: Sequence[str] = ()
) -> RunOutcome:
    """Run the stages of an experiment that are not in the store.

    Args:
        plan: Plan of the experiment.
        store: The store.
        observer: Observer of the session.
        jobs: Number of stages that run at the same time.
        stages: Titles, folders or first characters of keys of stages to run in this process, for another engine that
            schedules them; empty for all stages.

    Raises:
        DataError: A finished checkpoint would be evaluated on items that it was trained on.
        StoreError: A stage that one of `stages` is based on is not published.
        StageError: A stage failed.
        Interrupted: The user stopped the session.
        PlanError: The experiment's alarms cost more than their budget.
    """
    planned_alarms(plan)
    if not stages:
        return run_graph(plan, store, jobs, observer)
    return run_graph(_stages_here(plan, store, stages), store, None, observer)


def _stages_here(plan: Plan, store: Store, texts: Sequence[str]) -> Graph:
    """Return a graph of the selected stages that runs in this process."""
    graph = narrow(plan, texts)
    done = store.done(graph.inputs.values())
    for stage in graph.inputs.values():
        if stage.key not in done:
            raise StoreError(f'"{stage.title}", which it reads, is not published yet.', where=str(store.root))
    store.create()
    note_experiment(store, plan)
    # The other engine has reserved the resources of the stage.
    here = {"executor": "inline", "resources": ResourcesConfig()}
    execution = graph.setup.execution.model_copy(update=here)
    return replace(graph, setup=graph.setup.model_copy(update={"execution": execution}))


def run_graph(graph: Graph, store: Store, jobs: int | None, observer: RunObserver) -> RunOutcome:
    """Run the stages of `graph` that are not published, and raise if one of them fails.

    Raises:
        DataError: A finished checkpoint would be evaluated on items that it was trained on.
        StageError: A stage failed.
        Interrupted: The user stopped the session.
    """
    refuse_trained_overlaps(
        graph.whole,
        store,
        finished=False,
        fix="Undo the change of its data or split, or train again in a new store (--store). To allow the overlap, set "
        "`allow_overlap` of the domain that was trained on.",
    )
    outcome = run_to_end(graph, store, jobs, observer)
    if outcome.failed:
        raise StageError(f"{count(len(outcome.failed), 'stage')} failed; everything that did not need them is done.")
    return outcome


def run_to_end(graph: Graph, store: Store, jobs: int | None, observer: RunObserver) -> RunOutcome:
    """Run the stages of `graph` that are not published. The result lists the failed ones.

    Raises:
        Interrupted: The user stopped the session.
    """
    schedulers: list[Scheduler] = []

    def start(scheduler: Scheduler) -> None:
        schedulers.append(scheduler)
        observer.schedule(scheduler)

    with _stopped_by_signals(schedulers, observer):
        observer.begin(graph, store)
        try:
            outcome = schedule.run_plan(graph, store, jobs, observer.watch, start)
        finally:
            observer.close()
    observer.end(outcome)
    if outcome.interrupted:
        raise Interrupted("stopped. Finished stages are in the store.", fix="Repeat the command to continue.")
    return outcome


@contextmanager
def _stopped_by_signals(schedulers: Sequence[Scheduler], observer: RunObserver) -> Iterator[None]:
    """Pass Ctrl-C and SIGTERM to the scheduler. In other threads this does nothing, because Python forbids it."""

    def stop(number: int, frame: FrameType | None) -> None:
        if not schedulers:
            raise KeyboardInterrupt
        schedulers[-1].request_stop()
        observer.stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
