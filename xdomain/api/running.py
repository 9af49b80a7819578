"""Run stages that are missing, and tell an observer how it goes."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

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
    """Is told how stages run; does nothing by itself but warn, so that a subclass overrides what it needs."""

    def begin(self, graph: Graph, store: Store) -> None:
        """The stages of `graph` are about to be run in `store`; nothing was checked or started yet."""

    def schedule(self, scheduler: Scheduler) -> None:
        """The settings are checked, and `scheduler` is about to start stages."""

    def watch(self, event: Event | None) -> None:
        """Something became of a stage; None says that running stages may have progressed."""

    def note(self, message: str) -> None:
        """Something begins that is no stage."""

    def warn(self, message: str) -> None:
        """Something is allowed but should be known before the stages run."""
        warnings.warn(message, stacklevel=2)

    def stop(self) -> None:
        """The user asked for an end."""

    def close(self) -> None:
        """No stage runs any more, whether the session succeeded or raised."""

    def end(self, outcome: RunOutcome) -> None:
        """The session ended, after `close`."""


def run_experiment(
    plan: Plan, store: Store, observer: RunObserver, jobs: int | None = None, stages: Sequence[str] = ()
) -> RunOutcome:
    """Run the stages of an experiment that are not in the store.

    Args:
        jobs: number of stages at once.
        stages: titles, folders or beginnings of keys of stages to run in this process, for another engine that
            schedules them; empty for all stages.

    Raises:
        DataError: a finished checkpoint would be evaluated on items that it was trained on.
        StoreError: a stage that `stages` builds on is not published.
        StageError: a stage failed.
        Interrupted: the user stopped the session.
    """
    if not stages:
        return run_graph(plan, store, jobs, observer)
    return run_graph(_stages_here(plan, store, stages), store, None, observer)


def _stages_here(plan: Plan, store: Store, texts: Sequence[str]) -> Graph:
    """Return a graph of a few stages that runs in this process."""
    graph = narrow(plan, texts)
    done = store.done(graph.inputs.values())
    for stage in graph.inputs.values():
        if stage.key not in done:
            raise StoreError(f'"{stage.title}", which it reads, is not published yet.', where=str(store.root))
    store.create()
    note_experiment(store, plan)
    # What a stage asks for the other engine has set aside.
    here = {"executor": "inline", "resources": ResourcesConfig()}
    execution = graph.setup.execution.model_copy(update=here)
    return replace(graph, setup=graph.setup.model_copy(update={"execution": execution}))


def run_graph(graph: Graph, store: Store, jobs: int | None, observer: RunObserver) -> RunOutcome:
    """Run the stages of `graph` that are not done.

    Raises:
        DataError: a finished checkpoint would be evaluated on items that it was trained on.
        StageError: a stage failed.
        Interrupted: the user stopped it.
    """
    refuse_trained_overlaps(
        graph,
        store,
        finished=False,
        fix="Undo the change of its data or split, or train again in a new store (--store). `allow_overlap` of the "
        "domain that was trained on allows it.",
    )
    outcome = run_to_end(graph, store, jobs, observer)
    if outcome.failed:
        raise StageError(f"{count(len(outcome.failed), 'stage')} failed; everything that did not need them is done.")
    return outcome


def run_to_end(graph: Graph, store: Store, jobs: int | None, observer: RunObserver) -> RunOutcome:
    """Run the stages of `graph` that are not done; the outcome tells which of them failed.

    Raises:
        Interrupted: the user stopped it.
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
        raise Interrupted("stopped; what was finished is in the store.", fix="The same command continues.")
    return outcome


@contextmanager
def _stopped_by_signals(schedulers: Sequence[Scheduler], observer: RunObserver) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM to the scheduler; Python lets only the main thread handle signals."""

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
