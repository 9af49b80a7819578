"""Who a process is, so that a lease's holder can be told from a later process with the same number."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path

# psutil is imported where it is used: plans look at no process, and every command begins with a plan.


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
    except psutil.Error:
        return None
