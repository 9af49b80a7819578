"""What an observer is told, and who handles signals."""

from __future__ import annotations

import signal
import threading

import pytest

from xdomain.api.running import RunObserver, run_experiment, run_graph
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import StoreError


class Noting(RunObserver):
    """Notes the names of the methods that are called."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.handlers: list[object] = []

    def begin(self, graph: object, store: object) -> None:
        self.told.append("begin")
        self.handlers.append(signal.getsignal(signal.SIGINT))

    def close(self) -> None:
        self.told.append("close")

    def end(self, outcome: object) -> None:
        self.told.append("end")
        self.handlers.append(signal.getsignal(signal.SIGINT))


def test_a_session_begins_closes_and_ends(smoke: Session) -> None:
    before = signal.getsignal(signal.SIGINT)
    observer = Noting()
    outcome = run_experiment(smoke.plan, smoke.store, observer)
    assert observer.told == ["begin", "close", "end"]
    assert len(outcome.reused) == len(smoke.plan.stages)
    assert observer.handlers[0] is not before, "Ctrl-C is the scheduler's while it runs"
    assert observer.handlers[1] is before


def test_it_runs_outside_of_the_main_thread(smoke: Session) -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(run_graph(smoke.plan, smoke.store, 1, RunObserver())))
    thread.start()
    thread.join()
    assert len(found[0].reused) == len(smoke.plan.stages)


def test_a_stage_alone_needs_what_it_reads(smoke: Session, tmp_path: object) -> None:
    fresh = open_experiment(smoke.experiment, store=f"{tmp_path}/store")
    with pytest.raises(StoreError, match="is not published yet"):
        run_experiment(fresh.plan, fresh.store, RunObserver(), stages=["math, seed 0"])


def test_a_warning_is_one_of_python_unless_it_is_shown() -> None:
    with pytest.warns(UserWarning, match="known before"):
        RunObserver().warn("known before")
