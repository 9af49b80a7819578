"""A lease says who works on a stage. Its holder shows that it lives; a dead holder's lease is taken over.

On the holder's own machine death is seen at once: its process (number and start time) is gone. Else a lease is stale
when its beat has not changed for `STALE_SECONDS` *as the observer counts them*: clocks of machines are never compared.

A lease is placed with a hard link, which fails where one is already; a dead holder's is replaced by a rename. So one
holder is left even where file locks do nothing: of two that replace a lease at the same moment, the first has lost it.
The lock only keeps that from happening. A lost lease never becomes one's own again, and nothing that its holder does
changes its successor's.
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
"""A lock whose holder stands still is waited for so long, and then done without."""
BEAT_SECONDS = 2.0
STALE_SECONDS = 60.0


class Lease:
    """A held lease; beats until released.

    Args:
        path: File of the lease, which is there.
        token: Token in it.
        previous: Token of the dead holder that it was taken from.
        damage: Why the file that lay there before was no lease.
        on_lost: Called once when the beat finds that somebody took the lease over.
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
        # Open until the end: by this others tell that the process which the lease names is the one that took it.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _heart.keep(self)

    def progress(self, values: dict[str, Any]) -> None:
        """Take over new progress; it is written with the next beat."""
        self._progress = values

    def is_ours(self) -> bool:
        """Return False once somebody took the lease over: then nothing may be published."""
        holder = read_lease(self._path)
        return holder is not None and holder.token == self.token

    def release(self) -> None:
        """Give the lease up; nothing happens to one that somebody took over."""
        _heart.let_go(self)
        with self._write_lock:
            if self._released:
                return
            self._released = True
            os.close(self._descriptor)
            if self.is_ours():
                _withdraw(self._path, self.token)

    def beat(self) -> None:
        """Show that the holder lives; nothing once it is released."""
        with self._write_lock:
            if self._released:
                return
            try:
                if self.is_ours():
                    self._beat += 1
                    sign = {"beat": self._beat, "progress": self._progress}
                    # After a crash of this machine its leases are void anyway.
                    write_json(beat_path(self._path, self.token), sign, durable=False)
                    return
            except OSError:
                return  # a full disk or a hiccup of the network: the next beat may get through
        _heart.let_go(self)
        self._on_lost()


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

    def holds(self, token: str) -> bool:
        return self._thread is not None and self._thread.is_alive() and token in {each.token for each in self._leases}

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            for lease in tuple(self._leases):
                lease.beat()


_heart = _Heart()


def acquire(path: Path, stale_token: str | None = None, on_lost: Callable[[], object] = lambda: None) -> Lease | None:
    """Take the lease at `path`, or None while somebody else holds it.

    Args:
        stale_token: Token of a holder that was seen not to beat (`StaleWatch`).
        on_lost: Called once should somebody take it over.
    """
    holder = read_lease(path)
    if holder is not None and not _may_take(holder, stale_token):
        return None
    if holder is not None:
        holder.end_here(path)
    with locked(path.parent):
        if read_lease(path) != holder:
            return None  # somebody was faster
        damage = lease_damage(path)
        token = uuid.uuid4().hex
        if not _place(path, token):
            return None
        if holder is not None:
            beat_path(path, holder.token).unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # without locks somebody may be looking whose lease it is
            return Lease(path, token, None if holder is None else holder.token, damage, on_lost)
    return None


def _may_take(holder: Holder, stale_token: str | None) -> bool:
    return holder.is_dead_here() or (holder.token == stale_token and not _heart.holds(holder.token))


def _place(path: Path, token: str) -> bool:
    """Write this process's lease, in the place of what lies there; return False if somebody was faster."""
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
        FileExistsError: somebody placed a lease just now.
    """
    try:
        os.link(written, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        written.rename(path)  # a file system without hard links: the lock alone keeps others away


def _withdraw(path: Path, token: str) -> None:
    """Remove the lease with this token. If another one lies there, it stays: its holder was faster."""
    grave = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):
        path.rename(grave)
        holder = read_lease(grave)
        if holder is not None and holder.token != token:
            with suppress(OSError):
                os.link(grave, path)
        remove(grave)
    beat_path(path, token).unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the one lock of what lies in `folder`: its leases, or its notes."""
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
