"""Grids whose processes are killed at random moments: nothing is lost, and nothing runs to its end twice.

With `XDOMAIN_FAULT_MINUTES` (`make test-faults MINUTES=30`) there are more than 40 grids.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.fault_injection import (
    ONE_STAGE,
    assert_gone,
    assert_whole,
    completions,
    family,
    here,
    start,
)
from tests.support.random_kills import TARGETS, kill_one, works_soon
from tests.support.small_grid import WAIT_SECONDS, write_experiment

if sys.platform != "linux":
    pytest.skip("processes are found through Linux's /proc", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.faults("kills")]

PARTS = 4
GRIDS = 40 // PARTS
MINUTES = float(os.environ.get("XDOMAIN_FAULT_MINUTES") or 0) / PARTS
MOST_KILLS = 2
"""Per grid; each kill of a scheduler costs the start of another run."""
SEED = 20261129
PATIENT = ONE_STAGE.replace("device: cpu}", "device: cpu, retries: {killed: 1000}}")


@pytest.mark.parametrize("part", range(PARTS))
def test_random_kills_in_a_loop_of_grids(part: int, tmp_path: Path, tally: Any) -> None:
    experiment, undisturbed = write_experiment(tmp_path, PATIENT), tmp_path / "undisturbed"
    span_seconds = undisturbed_run(experiment, undisturbed)
    rng, end, grids = random.Random(SEED + part), time.monotonic() + 60 * MINUTES, 0
    while grids < GRIDS or time.monotonic() < end:
        store = tmp_path / "store"
        targets = rng.choices(TARGETS, k=rng.randint(1, MOST_KILLS))
        hit = disturb(experiment, store, targets, span_seconds, rng)
        if hit:  # else the grid was done before the first kill
            grids += 1
            for target in hit:
                tally.fault(f"random kill -9 of a {target}")
            tally.fault("grid with random kills")
            tally.store(store, undisturbed)
            assert_whole(store, undisturbed)
            assert set(completions(store).values()) == {1}, f"grid {grids}, kills {hit}"
        shutil.rmtree(store)


def undisturbed_run(experiment: Path, store: Path) -> float:
    """Run the grid, and return the seconds from its first lease to its end."""
    process = start(experiment, store)
    assert works_soon(store, process)
    begun = time.monotonic()
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output
    return time.monotonic() - begun


def disturb(experiment: Path, store: Path, targets: list[str], span_seconds: float, rng: random.Random) -> list[str]:
    """Run a grid to its end in spite of kills, and return whose kills hit."""
    hit, below = [], []
    process: subprocess.Popen[str] | None = None
    try:
        for target in targets:
            if process is None or process.poll() is not None:
                process = start(experiment, store)
            if works_soon(store, process):
                time.sleep(rng.uniform(0, span_seconds))
                below = family(process) or below
                if process.poll() is None and kill_one(target, process, store, rng):
                    hit.append(target)
                    settle(target, process, below)
        assert process is not None
        process.communicate(timeout=WAIT_SECONDS)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
    here("grid", "run", experiment, "--store", store)
    return hit


def settle(target: str, process: subprocess.Popen[str], below: list[psutil.Process]) -> None:
    """After the end of a scheduler, see that its workers end."""
    if target == "scheduler":
        process.communicate()
        assert_gone(below)
