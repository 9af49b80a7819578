"""Count processes that the system killed because memory ran out."""

from __future__ import annotations

from pathlib import Path

COUNTERS = Path("/proc/vmstat")


def memory_kills() -> int | None:
    """Return the number of out-of-memory kills since the kernel started; None if the system does not report it."""
    try:
        lines = COUNTERS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
