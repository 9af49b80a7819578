"""Kills of the processes of a run at random moments."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import psutil

from tests.support.fault_injection import holders
from tests.support.small_grid import WAIT_SECONDS

TARGETS = ("scheduler", "worker", "forkserver")
"""The process of `grid run`, a process that holds a lease, and the process that starts those."""


def works_soon(store: Path, process: subprocess.Popen[str]) -> bool:
    """Return True once a worker holds a lease; False if the run ended first."""
    end = time.monotonic() + WAIT_SECONDS
    while process.poll() is None:
        assert time.monotonic() < end, "no worker began in time"
        if holders(store):
            return True
        time.sleep(0.02)
    return False


def kill_one(target: str, process: subprocess.Popen[str], store: Path, rng: random.Random) -> bool:
    """Kill a process of a run with SIGKILL; return False if there was none at this moment."""
    try:
        victims = [psutil.Process(process.pid)]
        if target == "worker":
            victims = sorted(holders(store), key=lambda each: each.pid)
        elif target == "forkserver":
            victims = [
                each for each in victims[0].children() if "multiprocessing.forkserver" in " ".join(each.cmdline())
            ]
        if not victims:
            return False
        rng.choice(victims).kill()
    except psutil.NoSuchProcess:  # it ended meanwhile; zombies count as that
        return False
    return True
