"""Tell a worker that the system killed for memory from one that was killed otherwise."""

from __future__ import annotations

from pathlib import Path

COUNTERS = Path("/proc/vmstat")


def memory_kills() -> int | None:
    """Return how many processes the kernel has killed because memory ran out; None if it does not say."""
    try:
        lines = COUNTERS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
