"""Identify processes, so that a lease's holder is not confused with a later process of the same number."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

# psutil is imported on use, because plans do not inspect processes, and every command begins with a plan.


WORKER = re.compile(r"(^|[\s/'\"])xdomain($|[\s./'\"])|submitit|^ray::")
"""Texts of which one is in the command line of every process that runs stages: local, Slurm job or Ray worker."""


@cache
def host_identity() -> str:
    """Return a text that identifies host name, boot and process namespace.

    It differs between two machines of the same name, before and after a reboot, and between two containers.
    """
    import psutil

    boot, numbering = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [socket.gethostname(), boot.read_text().strip() if boot.exists() else str(psutil.boot_time())]
    return "/".join([*parts, numbering.readlink().name] if numbering.is_symlink() else parts)


def process_started(pid: int) -> float | None:
    """Return the start time of a running process; None if it has ended or is a zombie.

    On Linux it is in seconds since boot, which does not move when the clock is set; elsewhere since the epoch.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return _seconds_after_boot(pid) if psutil.LINUX else process.create_time()
    except (psutil.Error, OSError, ValueError, OverflowError):
        return None


def _seconds_after_boot(pid: int) -> float:
    """Return field 22 of /proc/<pid>/stat in seconds; the second field, a name in brackets, may contain blanks."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def end_worker(pid: int, started: float, opened: Path, wait_seconds: float) -> None:
    """Kill an xdomain worker that holds a lease, and no other process.

    A process is killed only if it started at `started`, belongs to this user, has the command line of a process that
    runs stages, and has the lease's file open. No other process meets all of these conditions.

    Args:
        pid: Process number in the lease.
        started: Start time of the process in the lease.
        opened: File of the lease.
        wait_seconds: Longest time to wait until the process has ended.
    """
    import psutil

    if pid <= 1 or pid == os.getpid():
        return
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process_started(pid) != started or set(process.uids()) != {os.getuid()}:
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
