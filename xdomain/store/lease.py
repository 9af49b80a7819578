"""A lease says who works on a stage. It beats while its holder lives; a dead holder's lease is taken over.

On the holder's own machine death is seen at once: its process (number and start time) is gone. Else a lease is stale
when its beat has not changed for `STALE_SECONDS` *as the observer counts them*: clocks of machines are never compared.
A stale holder on this machine is killed before its lease is taken; one elsewhere, should it wake up, ends itself at
its next beat.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xdomain.core.files import read_json, write_json
from xdomain.core.process import host_identity, process_started

LOCK = ".lock"
BEAT_SECONDS = 2.0
STALE_SECONDS = 60.0
KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Holder:
    """What a lease file says.

    Attributes:
        token: unique to one acquisition.
        host: machine and boot.
        pid: process number there.
        started: start time of that process.
        beat: grows while the holder lives.
        progress: how far the stage is, for status.
    """

    token: str
    host: str
    pid: int
    started: float | None
    beat: int
    progress: dict[str, Any] = field(default_factory=dict)

    def is_dead_here(self) -> bool:
        """The holder ran on this machine and is gone. False for holders elsewhere: unknown."""
        if self.host != host_identity():
            return False
        return not self._lives()

    def end_here(self) -> bool:
        """Kill a holder on this machine, so that it cannot wake up and go on; False if it may not be killed."""
        import psutil  # here, like filelock below: a plan opens a store and takes no lease

        if self.host != host_identity() or not self._lives():
            return True
        if self.pid == os.getpid():
            return False
        try:
            process = psutil.Process(self.pid)
            process.kill()
            process.wait(KILL_SECONDS)
        except psutil.NoSuchProcess:
            return True
        except (psutil.AccessDenied, psutil.TimeoutExpired):
            return False
        return True

    def _lives(self) -> bool:
        started = process_started(self.pid)
        return started is not None and started == self.started


class Lease:
    """A held lease; beats until released.

    Args:
        on_lost: called once when the beat finds that somebody took the lease over.
    """

    def __init__(self, path: Path, token: str, on_lost: Callable[[], object] = lambda: None) -> None:
        self._path = path
        self._token = token
        self._on_lost = on_lost
        self._beat = 0
        self._progress: dict[str, Any] = {}
        self._started = process_started(os.getpid())
        self._released = False
        self._write_lock = threading.Lock()
        self._write()
        _heart.keep(self)

    def progress(self, values: dict[str, Any]) -> None:
        """Take over new progress; it is written with the next beat."""
        self._progress = values

    def is_ours(self) -> bool:
        """False once somebody took the lease over: then nothing may be published."""
        holder = read_holder(self._path)
        return holder is not None and holder.token == self._token

    def release(self) -> None:
        _heart.let_go(self)
        with self._write_lock:
            self._released = True
            if self.is_ours():
                self._path.unlink(missing_ok=True)

    def beat(self) -> None:
        """Show that the holder lives; nothing once it is released."""
        with self._write_lock:
            if self._released:
                return
            try:
                if self.is_ours():
                    self._beat += 1
                    self._write()
                    return
            except OSError:
                return  # a full disk or a hiccup of the network: the next beat may get through
        _heart.let_go(self)
        self._on_lost()

    def _write(self) -> None:
        write_json(
            self._path,
            {
                "token": self._token,
                "host": host_identity(),
                "pid": os.getpid(),
                "started": self._started,
                "beat": self._beat,
                "progress": self._progress,
            },
            durable=False,  # after a crash of this machine its leases are void anyway
        )


class _Heart:
    """Beats for every lease that this process holds, in one thread: starting one for each costs a short stage dear."""

    def __init__(self) -> None:
        self._leases: set[Lease] = set()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def keep(self, lease: Lease) -> None:
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                self._leases.add(lease)
                return
            self._leases = {lease}  # a forked process has neither its parent's thread nor its leases
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def let_go(self, lease: Lease) -> None:
        self._leases.discard(lease)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            for lease in tuple(self._leases):
                lease.beat()


_heart = _Heart()


def read_holder(path: Path) -> Holder | None:
    """Who holds the lease; None if nobody does."""
    try:
        return Holder(**read_json(path))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def acquire(path: Path, stale_token: str | None = None, on_lost: Callable[[], object] = lambda: None) -> Lease | None:
    """Take the lease at `path`, or None while somebody else holds it.

    Args:
        stale_token: token of a holder that was seen not to beat (`StaleWatch`).
        on_lost: called once should somebody take it over.
    """
    with locked(path.parent):
        holder = read_holder(path)
        if holder is not None and not holder.is_dead_here() and holder.token != stale_token:
            return None
        if holder is not None and not holder.end_here():
            return None
        return Lease(path, uuid.uuid4().hex, on_lost)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the one lock of what lies in `folder`: its leases, or its notes."""
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK):
        yield


class StaleWatch:
    """Remembers when each lease's beat was last seen to change, on this observer's own clock."""

    def __init__(self, stale_seconds: float = STALE_SECONDS) -> None:
        self._stale_seconds = stale_seconds
        self._seen: dict[Path, tuple[str, int, float]] = {}

    def holder(self, path: Path) -> tuple[Holder | None, bool]:
        """Holder of the lease and whether it may be taken over."""
        holder = read_holder(path)
        if holder is None:
            return None, True
        if holder.is_dead_here():
            return holder, True
        now = time.monotonic()
        token, beat, since = self._seen.get(path, ("", -1, now))
        if (token, beat) != (holder.token, holder.beat):
            since = now
            self._seen[path] = (holder.token, holder.beat, now)
        return holder, now - since > self._stale_seconds
