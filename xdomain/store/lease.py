"""Leases: each names the process that works on a stage.

The holder writes a beat every few seconds. The lease of a dead holder is taken over. On the holder's own machine, a
holder is dead as soon as its process (number and start time) is gone. On other machines, a lease is stale when its beat
has not changed for `STALE_SECONDS` on the observer's clock. Clocks of different machines are never compared.

A new lease is placed with a hard link, which fails if the lease exists. A dead holder's lease is replaced by a rename.
So even on file systems whose locks do nothing, only one holder remains: if two processes replace a lease at the same
moment, the first one loses it. The lock only makes this unlikely. A holder that lost its lease cannot regain it, and
nothing that it does changes its successor's lease.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from xdomain.core.files import remove, write_json
from xdomain.core.process import host_identity, process_started
from xdomain.store.holder import Holder, beat_path, lease_damage, read_holder, read_lease

LOCK = ".lock"
LOCK_SECONDS = 20.0
"""Time to wait for the lock. After that, its holder is assumed to hang, and the work continues without the lock."""
BEAT_SECONDS = 2.0
STALE_SECONDS = 60.0


class Lease:
    """A held lease, which beats until it is released.

    Args:
        path: File of the lease, which must exist.
        token: Token in that file.
        previous: Token of the dead holder that the lease was taken from; None if there was none.
        damage: Why the previous file at `path` was not a lease; None if there was no such file.
        on_lost: Called once when a beat finds that another process took the lease over.
    """

    def __init__(
        self,
        path: Path,
        token: str,
        previous: str | None = None,
        damage: str | None = None,
        on_lost: Callable[[], object] = lambda: None,
    ) -> None:
        self.token = token
        self.previous = previous
        self.damage = damage
        self._path = path
        self._on_lost = on_lost
        self._beat = 0
        self._progress: dict[str, Any] = {}
        self._released = False
        self._write_lock = threading.Lock()
        # Kept open: other processes recognise the holder by the fact that it has this file open.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _heart.keep(self)

    def progress(self, values: dict[str, Any]) -> None:
        """Set the progress that the next beat writes."""
        self._progress = values

    def is_ours(self) -> bool:
        """Return whether this process still holds the lease. If not, it must not publish anything."""
        holder = read_lease(self._path)
        return holder is not None and holder.token == self.token

    def release(self) -> None:
        """Release the lease. A lease that another process took over is left unchanged."""
        _heart.let_go(self)
        with self._write_lock:
            if self._released:
                return
            self._released = True
            os.close(self._descriptor)
            if self.is_ours():
                _withdraw(self._path, self.token)

    def beat(self) -> None:
        """Write a beat, unless the lease was released."""
        with self._write_lock:
            if self._released:
                return
            try:
                if self.is_ours():
                    self._beat += 1
                    sign = {"beat": self._beat, "progress": self._progress}
                    # Not durable: after a crash of this machine its leases are void anyway.
                    write_json(beat_path(self._path, self.token), sign, durable=False)
                    return
            except OSError:
                return  # the disk is full or the network is down: the next beat may succeed
        _heart.let_go(self)
        self._on_lost()


class _Heart:
    """The thread that beats for all leases of this process. One thread per lease would slow down short stages."""

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

    def holds(self, token: str) -> bool:
        return self._thread is not None and self._thread.is_alive() and token in {each.token for each in self._leases}

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            for lease in tuple(self._leases):
                lease.beat()


_heart = _Heart()


def acquire(path: Path, stale_token: str | None = None, on_lost: Callable[[], object] = lambda: None) -> Lease | None:
    """Take the lease at `path` and return it; None if another process holds it.

    Args:
        path: File of the lease.
        stale_token: Token of a holder whose lease is stale according to `StaleWatch`; None if there is none.
        on_lost: Called once if another process takes the lease over.
    """
    holder = read_lease(path)
    if holder is not None and not _may_take(holder, stale_token):
        return None
    if holder is not None:
        holder.end_here(path)
    with locked(path.parent):
        if read_lease(path) != holder:
            return None  # another process was faster
        damage = lease_damage(path)
        token = uuid.uuid4().hex
        if not _place(path, token):
            return None
        if holder is not None:
            beat_path(path, holder.token).unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # without locks, another process may have removed it
            return Lease(path, token, None if holder is None else holder.token, damage, on_lost)
    return None


def _may_take(holder: Holder, stale_token: str | None) -> bool:
    return holder.is_dead_here() or (holder.token == stale_token and not _heart.holds(holder.token))


def _place(path: Path, token: str) -> bool:
    """Write this process's lease, replacing the file at `path`. Return False if another process was faster."""
    lease = {"token": token, "host": host_identity(), "pid": os.getpid(), "started": process_started(os.getpid())}
    written = path.with_name(f".{path.name}.{token}")
    write_json(written, lease, durable=False)
    try:
        if os.path.lexists(path):
            if path.is_dir() and not path.is_symlink():
                remove(path)  # a rename replaces everything but a folder
            written.replace(path)
        else:
            _link(written, path)
    except FileExistsError:
        return False
    finally:
        written.unlink(missing_ok=True)
    return True


def _link(written: Path, path: Path) -> None:
    """Give a file a second name.

    Raises:
        FileExistsError: Another process has just placed a lease.
    """
    try:
        os.link(written, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        written.rename(path)  # a file system without hard links: only the lock protects this


def _withdraw(path: Path, token: str) -> None:
    """Remove the lease if it has this token. The lease of a faster holder stays."""
    grave = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):
        path.rename(grave)
        holder = read_lease(grave)
        if holder is not None and holder.token != token:
            with suppress(OSError):
                os.link(grave, path)
        remove(grave)
    beat_path(path, token).unlink(missing_ok=True)


def release_dead(path: Path) -> None:
    """Remove the lease at `path` if its holder ran on this machine and has ended. Every other lease stays."""
    holder = read_lease(path)
    if holder is not None and holder.is_dead_here():
        _withdraw(path, holder.token)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock that protects the files in `folder`, which are leases or notes."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    with suppress(Timeout):
        lock.acquire(timeout=LOCK_SECONDS)
    try:
        yield
    finally:
        lock.release()


class StaleWatch:
    """Remembers when each lease's beat was last seen to change, on this observer's own clock."""

    def __init__(self, stale_seconds: float = STALE_SECONDS) -> None:
        self._stale_seconds = stale_seconds
        self._seen: dict[Path, tuple[str, int, float]] = {}

    def holder(self, path: Path) -> tuple[Holder | None, bool]:
        """Return the holder of a lease, and whether the lease may be taken over."""
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
