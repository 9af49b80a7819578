"""Leases that nobody of ours wrote: read without a crash, and no reason to signal anyone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.published import write_holder
from xdomain.core.process import host_identity, process_started
from xdomain.plan.stage import StageSpec
from xdomain.store.holder import beat_path, lease_damage, read_holder, read_lease, sound_progress
from xdomain.store.lease import StaleWatch, acquire
from xdomain.store.store import Store

ODD = [
    {"pid": -1}, {"pid": 0}, {"pid": True}, {"pid": "1"}, {"pid": 1.0}, {"pid": [1]}, {"pid": 10**400}, {"pid": None},
    {"started": "now"}, {"started": float("nan")}, {"started": float("inf")},
    {"beat": -1}, {"beat": float("nan")}, {"beat": "1"}, {"beat": True},
    {"token": 1}, {"token": ""}, {"token": "../../x"}, {"token": "a/b"}, {"token": "a" * 65},
    {"host": None}, {"host": ["h"]},
]  # fmt: skip


@pytest.mark.parametrize("changes", ODD, ids=str)
def test_odd_values_hold_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "lease.json"
    write_holder(path, **changes)
    assert_free(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b'"text"', b"7", b"{}", b"[" * 200_000, b'{"a":' * 200_000, b"\x00\xff\xfe", b"9" * 5000],
    ids=lambda data: data[:12],
)
def test_odd_text_holds_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lease.json").write_bytes(data)
    assert_free(tmp_path / "lease.json")


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    with path.open("wb") as handle:
        handle.truncate(100 << 30)
    begun = time.monotonic()
    assert_free(path)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "loop", "dangling", "socket"])
def test_what_is_no_file_holds_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "lease.json"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        (path / "below").mkdir(parents=True)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path.name, "dangling": "nowhere"}[kind])
    assert_free(path)


def assert_free(path: Path) -> None:
    """Nobody holds it, it is said why, and it can be taken."""
    assert read_holder(path) is None
    assert lease_damage(path)
    assert StaleWatch().holder(path) == (None, True)
    lease = acquire(path)
    assert lease is not None
    assert lease.damage
    assert lease.is_ours()
    assert lease_damage(path) is None
    lease.release()
    assert os.listdir(path.parent) == [".lock"]


def test_a_sound_lease_has_no_damage(store: Store, stage: StageSpec) -> None:
    assert lease_damage(store.lease_path(stage)) is None
    lease = store.take(stage)
    assert lease is not None
    assert lease.damage is None
    lease.release()


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"beat": -1, "progress": {}}', '{"beat": "x"}'])
def test_odd_signs_of_life_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lease.json"
    write_holder(path)
    beat_path(path, "t").write_text(text)
    assert read_holder(path) == read_lease(path)


def test_progress_is_only_what_can_be_shown() -> None:
    told = {"done": "x", "total": 9, "seconds_per_unit": float("nan"), "rewards": {"a": 0.5, "b": "x"}, "alarm": 3}
    assert sound_progress(told) == {"total": 9, "rewards": {"a": 0.5, "b": None}}
    assert sound_progress([1]) == {}
    assert sound_progress({"done": -1, "total": 10**400, "alarm": {"message": "fell"}}) == {
        "alarm": {"message": "fell"}
    }


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for each in processes:
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)  # its `sleep` too
        each.wait()


def sleeper(started: list[subprocess.Popen[bytes]], name: str, opened: Path, user: int | None = None) -> psutil.Process:
    """A process with `name` in its command line that has a file open."""
    with opened.open() as handle:
        words = ["/bin/sh", "-c", "sleep 600; true", name]
        started.append(subprocess.Popen(words, stdin=handle, user=user, start_new_session=True))
    process = psutil.Process(started[-1].pid)
    while name not in process.cmdline():  # a process that was just started has no command line for a moment
        time.sleep(0.01)
    return process


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def ends(process: psutil.Process) -> bool:
    """Whether the process is gone within ten seconds: a signal that was sent takes effect a moment later."""
    for _ in range(100):
        if not lives(process):
            return True
        time.sleep(0.1)
    return False


def plant(path: Path, victim: psutil.Process | int, **changes: object) -> None:
    """A lease of this machine that names a process."""
    pid = victim if isinstance(victim, int) else victim.pid
    write_holder(path, **{"host": host_identity(), "pid": pid, "started": process_started(pid), **changes})


def takes_over(path: Path) -> None:
    lease = acquire(path, "t")
    assert lease is not None
    lease.release()


def test_a_worker_of_ours_that_hangs_is_killed(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "lease.json"
    path.touch()
    worker = sleeper(started, "-m xdomain grid run", path)
    worker.suspend()
    write_in_place(path, worker)
    takes_over(path)
    assert ends(worker)


def write_in_place(path: Path, holder: psutil.Process) -> None:
    """Keep the file that the process has open."""
    lease = {"token": "t", "host": host_identity(), "pid": holder.pid, "started": process_started(holder.pid)}
    path.write_text(json.dumps(lease))


@pytest.mark.parametrize("name", ["xdomain", "editor"])
def test_a_planted_lease_kills_nobody(tmp_path: Path, started: list[subprocess.Popen[bytes]], name: str) -> None:
    """Not a worker of ours that has another lease, and not an editor that has this one open."""
    path, other = tmp_path / "lease.json", tmp_path / "other.json"
    path.touch()
    other.touch()
    victim = sleeper(started, name, other if name == "xdomain" else path)
    write_in_place(path, victim)
    takes_over(path)
    assert lives(victim)


def test_a_planted_lease_with_another_start_time_kills_nobody(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    path = tmp_path / "lease.json"
    path.touch()
    victim = sleeper(started, "xdomain", path)
    plant(path, victim, started=(process_started(victim.pid) or 0) + 1)
    takes_over(path)
    assert lives(victim)


@pytest.mark.skipif(os.getuid() != 0, reason="only root starts a process of another user")
def test_a_process_of_another_user_is_not_killed(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "lease.json"
    path.touch()
    victim = sleeper(started, "xdomain", path, user=65534)
    write_in_place(path, victim)
    takes_over(path)
    assert lives(victim)


@pytest.mark.parametrize("whose", [lambda: 1, os.getpid, os.getppid], ids=["first", "own", "parent"])
def test_neither_the_first_process_nor_this_one_nor_its_parent_is_signalled(
    tmp_path: Path, whose: Callable[[], int]
) -> None:
    path = tmp_path / "lease.json"
    plant(path, whose())
    takes_over(path)
