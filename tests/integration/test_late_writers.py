"""Writers that stand still for longer than their lease and then wake up: nothing of what happened meanwhile changes.

They run as if on another machine, where nobody can kill them, and are really stopped (SIGSTOP).
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.fault_injection import (
    ONE_STAGE,
    assert_whole,
    completions,
    here,
    published,
    wait_for,
)
from tests.support.small_grid import REPOSITORY, WAIT_SECONDS, environment, write_experiment

if sys.platform != "linux":
    pytest.skip("processes are stopped through Linux's signals", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.faults("hangs")]

HASTY = ONE_STAGE.replace("device: cpu}", "device: cpu, stale_after_seconds: 6}")
STAGE_OF = {
    "training": "train-",
    "publishing weights": "train-",
    "evaluation": "evaluate-",
    "publishing": "evaluate-",
    "published": "evaluate-",
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    here("grid", "run", write_experiment(folder, ONE_STAGE), "--store", folder / "store")
    return folder / "store"


def elsewhere(host: str, moment: str, experiment: Path, store: Path) -> subprocess.Popen[str]:
    """A run on another machine that has come to the moment, and stands still."""
    words = ["-m", "tests.support.stands_still", host, moment, "grid", "run", experiment, "--store", store]
    process = subprocess.Popen(
        [sys.executable, *map(str, words), "--set", "execution.executor=inline"],
        env=environment(),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, process)
    return process


def files(folder: Path, *but: str) -> dict[str, tuple[str, int]]:
    """Digest and time of every file, without those below some folders."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(but):
            found[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    return found


@pytest.mark.parametrize("moment", STAGE_OF)
def test_a_writer_that_wakes_when_all_is_done(moment: str, undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    experiment, store = write_experiment(tmp_path, HASTY), tmp_path / "store"
    late = elsewhere("elsewhere", moment, experiment, store)
    try:
        here("grid", "run", experiment, "--store", store)
        assert_whole(store, undisturbed)
        before = files(store, "logs/", "work/", "scratch/")
        assert sum(name.startswith("stages/") for name in before) > 20
    finally:
        late.send_signal(signal.SIGCONT)
        output, _ = late.communicate(timeout=WAIT_SECONDS)
    assert late.returncode == 0, output
    after = files(store, "logs/", "work/", "scratch/")
    if moment == "published":  # it says once more what was said, in the same words
        before, after = ({name: digest for name, (digest, _) in each.items()} for each in (before, after))
    assert after == before
    assert_whole(store, undisturbed)
    assert not files(store / "scratch")
    again = frozenset(name for name, count in completions(store).items() if count > 1)
    assert all(name.startswith(STAGE_OF[moment]) for name in again)
    assert len(again) <= 1, "only the stage that stood still may be made twice"
    tally.fault(f"SIGSTOP longer than the lease: {moment}")
    tally.store(store, undisturbed, remade=again)


def test_a_writer_that_wakes_beside_its_successor(undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    """The successor stands still for a moment, too, so that all that changes in its folders is the late writer's."""
    experiment, store = write_experiment(tmp_path, HASTY), tmp_path / "store"
    late = elsewhere("elsewhere", "training", experiment, store)
    successor = elsewhere("farther", "training on", experiment, store)
    try:
        (work,) = [path for path in (store / "work").glob("train-*.*") if path.is_dir()]
        before = [
            files(folder) for folder in (work, store / "scratch" / work.name, store / "leases", store / "failures")
        ]
        assert before[0]
        late.send_signal(signal.SIGCONT)
        time.sleep(3)
        after = [
            files(folder) for folder in (work, store / "scratch" / work.name, store / "leases", store / "failures")
        ]
        assert after == before
        assert [path for path in (store / "work").glob("train-*.*") if path.is_dir()] == [work]
    finally:
        successor.send_signal(signal.SIGCONT)
        ends = [each.communicate(timeout=WAIT_SECONDS)[0] for each in (late, successor)]
    assert [late.returncode, successor.returncode] == [0, 0], ends
    assert_whole(store, undisturbed)
    assert completions(store) == Counter(published(undisturbed))
    tally.fault("SIGSTOP longer than the lease: awake beside the successor")
    tally.store(store, undisturbed)
