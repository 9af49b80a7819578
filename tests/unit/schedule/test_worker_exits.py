"""What is said of a worker that ended without a result or an error."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.states import Cause
from xdomain.schedule import memory, worker_exits
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.worker_exits import WorkerExits
from xdomain.store.store import Store

BASE = make_plan().base


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def ended(how: str | None = None, cause: Cause | None = None) -> TaskExit:
    return TaskExit(Task(BASE.folder, (BASE,), Path("task.json")), how, cause)


@pytest.mark.parametrize(
    ("exit_", "hung", "cause", "words"),
    [
        (ended("signal 9"), True, Cause.KILLED, "hung"),
        (ended("signal 9"), False, Cause.KILLED, "signal 9"),
        (ended("exit code 76"), False, Cause.KILLED, "exit code 76"),
        (ended(), False, Cause.KILLED, "without publishing a result or an error"),
        (ended("node lost", Cause.OUT_OF_MEMORY), False, Cause.OUT_OF_MEMORY, "node lost"),
        (ended("was cancelled", Cause.CANCELLED), False, Cause.CANCELLED, "was cancelled"),
    ],
)
def test_cause_and_message(store: Store, exit_: TaskExit, hung: bool, cause: Cause, words: str) -> None:
    failure = WorkerExits(store).explain(exit_, hung=hung)
    assert failure.cause is cause
    assert words in failure.message
    assert failure.log == str(store.log_path(BASE))


def test_a_full_disk_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_exits, "FULL_DISK_BYTES", store.free_bytes() * 2)
    failure = WorkerExits(store).explain(ended("exit code 1"), hung=False)
    assert failure.cause is Cause.ERROR
    assert "disk is full" in failure.message
    assert "disk is full" not in WorkerExits(store).explain(ended(), hung=False).message


def test_a_kill_for_memory_is_told_from_another(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = tmp_path / "vmstat"
    monkeypatch.setattr(memory, "COUNTERS", counters)
    counters.write_text("oom_kill 4\n")
    exits = WorkerExits(store)
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.KILLED
    counters.write_text("oom_kill 5\n")
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.OUT_OF_MEMORY
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.KILLED, "one kill explains one exit"


def test_the_exit_of_another_worker_uses_up_no_kill(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel counts a kill first; while the process still dies, another worker may end."""
    counters = tmp_path / "vmstat"
    monkeypatch.setattr(memory, "COUNTERS", counters)
    counters.write_text("oom_kill 4\n")
    exits = WorkerExits(store)
    counters.write_text("oom_kill 5\n")
    exits.explain(ended(), hung=False)
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.OUT_OF_MEMORY
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.KILLED


def test_an_old_kill_explains_no_exit(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = tmp_path / "vmstat"
    monkeypatch.setattr(memory, "COUNTERS", counters)
    monkeypatch.setattr(worker_exits, "DYING_SECONDS", 0.0)
    counters.write_text("oom_kill 4\n")
    exits = WorkerExits(store)
    counters.write_text("oom_kill 5\n")
    exits.explain(ended(), hung=False)
    time.sleep(0.001)
    assert exits.explain(ended("signal 9"), hung=False).cause is Cause.KILLED
