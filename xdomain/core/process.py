"""Who a process is, so that a lease's holder can be told from a later process with the same number."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

# psutil is imported where it is used: plans look at no process, and every command begins with a plan.


WORKER = re.compile(r"(^|[\s/'\"])xdomain($|[\s./'\"])|submitit|^ray::")
"""In the command line of every process that runs stages: of ours, of a Slurm job, of a Ray worker."""


@cache
def host_identity() -> str:
    """Host name, boot and process numbering: two machines of one name, one machine before and after a reboot, and two
    containers of one machine differ."""
    import psutil

    boot, numbering = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [socket.gethostname(), boot.read_text().strip() if boot.exists() else str(psutil.boot_time())]
    return "/".join([*parts, numbering.readlink().name] if numbering.is_symlink() else parts)


def process_started(pid: int) -> float | None:
    """Start time of a running process in seconds since the epoch; None if it is gone or a zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError, OverflowError):
        return None


def end_worker(pid: int, started: float, opened: Path, wait_seconds: float) -> None:
    """Kill a worker of ours that holds a lease, and nothing else.

    A process is killed only if all of this is true: it began at `started`, belongs to this user, has the command line
    of a process that runs stages, and holds the lease's file open, which no lease can say of another process.

    Args:
        opened: File of the lease.
        wait_seconds: Longest time to wait for its end.
    """
    import psutil

    if pid <= 1 or pid == os.getpid():
        return
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.create_time() != started or set(process.uids()) != {os.getuid()}:
            return
        is_worker = WORKER.search(" ".join(process.cmdline())) is not None
        if is_worker and any(_is_same(each.path, opened) for each in process.open_files()):
            process.kill()
            process.wait(wait_seconds)


def _is_same(one: str, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
