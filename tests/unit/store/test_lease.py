"""Who holds a stage: one at a time, until released, dead, or silent for long."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.support.published import leased, write_holder
from xdomain.core.files import write_json
from xdomain.core.process import host_identity
from xdomain.plan.stage import StageSpec
from xdomain.store import lease
from xdomain.store.holder import read_holder
from xdomain.store.lease import LOCK, Lease, StaleWatch, acquire
from xdomain.store.store import Store


def test_a_lease_is_exclusive_until_released(store: Store, stage: StageSpec) -> None:
    lease = leased(store, stage)
    assert acquire(store.lease_path(stage)) is None
    lease.release()
    assert read_holder(store.lease_path(stage)) is None
    leased(store, stage).release()


def test_a_dead_process_on_this_machine_loses_its_lease_at_once(store: Store, stage: StageSpec) -> None:
    code = (
        "import sys, os; from pathlib import Path; from xdomain.store.lease import acquire;"
        "acquire(Path(sys.argv[1])); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.lease_path(stage))], check=False)
    holder = read_holder(store.lease_path(stage))
    assert holder is not None
    assert holder.is_dead_here()
    assert StaleWatch().holder(store.lease_path(stage)) == (holder, True)
    leased(store, stage).release()


def test_a_reused_process_number_is_not_the_holder(store: Store, stage: StageSpec) -> None:
    write_holder(store.lease_path(stage), host=host_identity(), pid=1, started=1.0)
    leased(store, stage).release()


def test_a_holder_elsewhere_is_stale_only_when_its_beat_stands_still(store: Store, stage: StageSpec) -> None:
    path = store.lease_path(stage)
    patient, hasty = StaleWatch(stale_seconds=1000), StaleWatch(stale_seconds=-1)
    write_holder(path, beat=1)
    assert patient.holder(path)[1] is False
    assert hasty.holder(path)[1] is True
    holder = patient.holder(path)[0]
    assert holder is not None
    assert acquire(path) is None
    taken = acquire(path, stale_token=holder.token)
    assert taken is not None
    taken.release()


def test_every_lease_of_a_process_beats_in_one_thread_until_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xdomain.store.lease.BEAT_SECONDS", 0.02)
    lost = threading.Event()
    first = acquire(tmp_path / "a.json")
    assert first is not None
    assert acquire(tmp_path / "b.json", on_lost=lost.set) is not None
    threads = threading.active_count()
    third = acquire(tmp_path / "c.json")
    assert third is not None
    assert threading.active_count() == threads

    def beats() -> list[int]:
        return [holder.beat for name in "abc" if (holder := read_holder(tmp_path / f"{name}.json"))]

    wait_until(lambda: len(beats()) == 3 and min(beats()) >= 2)
    write_json(tmp_path / "b.json", json.loads((tmp_path / "b.json").read_text()) | {"token": "another"})
    assert lost.wait(10)
    first.release()
    third.release()
    after = beats()
    fourth = acquire(tmp_path / "d.json")
    assert fourth is not None
    wait_until(lambda: (holder := read_holder(tmp_path / "d.json")) is not None and holder.beat >= 2)
    fourth.release()
    assert len(after) == 1
    assert beats() == after, "neither a released lease nor a lost one is written any more"


@pytest.mark.parametrize("before", ["nobody", "dead", "damaged"])
def test_without_locks_one_holder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    """Eight rivals at a time. One that loses a lease again sees it, as it would before it publishes."""
    monkeypatch.setattr(lease, "locked", lambda folder: nullcontext())
    for attempt in range(60):
        path = tmp_path / f"{attempt}.json"
        if before == "dead":
            write_holder(path, host=host_identity(), pid=1, started=1.0)
        elif before == "damaged":
            path.write_text("[")
        start = threading.Barrier(8)

        def rival(path: Path = path, start: threading.Barrier = start) -> Lease | None:
            start.wait()
            return acquire(path)

        with ThreadPoolExecutor(8) as rivals:
            taken = [each.result() for each in [rivals.submit(rival) for _ in range(8)]]
        found = [each for each in taken if each is not None]
        assert sum(each.is_ours() for each in found) == 1
        for each in found:
            each.release()
        assert not path.exists()
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".beat"]


def test_a_late_holder_neither_beats_nor_releases_anothers_lease(tmp_path: Path) -> None:
    path, lost = tmp_path / "a.json", threading.Event()
    first = acquire(path, on_lost=lost.set)
    assert first is not None
    path.unlink()
    second = acquire(path)
    assert second is not None
    before = path.read_bytes()
    first.beat()
    assert lost.is_set()
    first.release()
    assert path.read_bytes() == before
    assert second.is_ours()
    second.release()


def test_a_lock_whose_holder_stands_still_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LOCK_SECONDS", 0.2)
    with (tmp_path / LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        taken = acquire(tmp_path / "a.json")
    assert taken is not None
    taken.release()


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
