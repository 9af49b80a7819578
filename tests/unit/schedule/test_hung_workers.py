"""Workers that hang: a real process takes the lease and stops."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.plans import make_plan
from xdomain.schedule.base import Task
from xdomain.schedule.hung_workers import LOOK_SECONDS, HungWorkers
from xdomain.store.holder import read_holder
from xdomain.store.lease import BEAT_SECONDS, StaleWatch
from xdomain.store.store import Store

BASE = make_plan().base
TASK = Task(BASE.folder, (BASE,), Path("task.json"))
HOLD = """
import sys, time
from pathlib import Path
from xdomain.store.lease import acquire
lease = acquire(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


@pytest.fixture
def worker(store: Store) -> Iterator[psutil.Process]:
    """A process that holds the lease of the base stage."""
    running = subprocess.Popen([sys.executable, "-c", HOLD, str(store.lease_path(BASE))], stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"held\n"
    yield psutil.Process(running.pid)
    running.kill()
    running.wait()
    running.stdout.close()


def look(hung: HungWorkers, seconds: float) -> list[Task]:
    """Look until something is found, or so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := hung.find():
            return found
        time.sleep(0.1)
    return []


def test_a_stopped_worker_is_found_and_a_beating_one_is_not(store: Store, worker: psutil.Process) -> None:
    hung = HungWorkers(store, StaleWatch(BEAT_SECONDS + 1))
    hung.add(TASK, ())
    assert look(hung, BEAT_SECONDS + 2 * LOOK_SECONDS + 1) == []
    worker.send_signal(signal.SIGSTOP)
    assert look(hung, 30) == [TASK]
    assert hung.remove(TASK)
    hung.add(TASK, ())
    assert not hung.remove(TASK), "it is forgotten with the task"


def test_a_lease_that_the_worker_will_take_over_does_not_count(store: Store, worker: psutil.Process) -> None:
    worker.send_signal(signal.SIGSTOP)
    holder = read_holder(store.lease_path(BASE))
    assert holder is not None
    hung = HungWorkers(store, StaleWatch(0.5))
    hung.add(TASK, (holder.token,))
    assert look(hung, 3 * LOOK_SECONDS) == []
    assert not hung.remove(TASK)
