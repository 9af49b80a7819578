"""What a store goes through: full and read-only disks, damage, clocks that are wrong, stages that fail.

Each time something is said in one paragraph, nothing half-written is read, and the same command brings the grid to the
end of an undisturbed one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_injection import (
    ONE_STAGE,
    assert_whole,
    completions,
    here,
    published,
    stages_of,
    start,
    wait_for,
)
from tests.support.small_grid import REPOSITORY, WAIT_SECONDS, environment, write_experiment
from tests.support.without_syscall import CALLS

if sys.platform != "linux":
    pytest.skip("faults are injected through Linux's tmpfs", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.faults("planted files")]

REMAKE = ONE_STAGE.replace("device: cpu}", "device: cpu, damaged: remake}")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    here("grid", "run", write_experiment(folder, ONE_STAGE), "--store", folder / "store")
    return folder / "store"


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> Path:
    """A finished store of its own."""
    return Path(shutil.copytree(undisturbed, tmp_path / "store"))


def state_of(experiment: Path, store: Path, kind: str) -> dict[str, Any]:
    status = json.loads(here("grid", "status", experiment, "--store", store, "--json").stdout)
    found: dict[str, Any] = next(stage for stage in status["stages"] if stage["kind"] == kind)
    return found


def block_base(experiment: Path, store: Path) -> Path:
    """Put a file where the base's work folder should be, so that it fails; its path."""
    base = next(stage for stage in stages_of(experiment, store) if stage["kind"] == "base")
    (store / "work").mkdir(parents=True)
    (store / "store.json").write_text('{"schema": 2}')
    in_the_way = store / "work" / str(base["folder"])
    in_the_way.write_text("in the way")
    return in_the_way


@pytest.mark.faults("failures")
def test_a_stage_that_fails_always(undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    text = ONE_STAGE.replace("device: cpu}", "device: cpu, retries: {error: 2}}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    in_the_way = block_base(experiment, store)
    said = here("grid", "run", experiment, "--store", store, code=1).stderr
    assert "Traceback" not in said
    state = state_of(experiment, store, "base")
    assert (state["state"], state["attempts"]) == ("failed", ["error"] * 3)
    assert "exists" in state["failure"]["message"]
    in_the_way.unlink()
    here("grid", "retry", experiment, "--store", store)
    here("grid", "run", experiment, "--store", store)
    assert_whole(store, undisturbed)
    tally.fault("stage that fails always")
    tally.store(store, undisturbed)


@pytest.mark.faults("failures")
def test_a_stage_that_fails_twice_and_then_works(undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    text = ONE_STAGE.replace("device: cpu}", "device: cpu, retries: {error: 1000000}}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    in_the_way = block_base(experiment, store)
    attempts = store / "attempts" / f"{in_the_way.name}.jsonl"
    process = start(experiment, store)
    wait_for(lambda: attempts.is_file() and len(attempts.read_text().splitlines()) >= 2, process)
    in_the_way.unlink()
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output
    state = state_of(experiment, store, "base")
    assert state["state"] == "done"
    assert set(state["attempts"]) == {"error"}
    assert_whole(store, undisturbed)
    tally.fault("stage that fails twice and then works")
    tally.store(store, undisturbed)


@pytest.mark.faults("failures")
def test_a_cancelled_stage_stops_and_waits_for_retry(tmp_path: Path, tally: Any) -> None:
    experiment, store = write_experiment(tmp_path, ONE_STAGE.replace("steps: 4,", "steps: 4000,")), tmp_path / "store"
    process = start(experiment, store)
    wait_for(lambda: list((store / "work").glob("train-*/metrics.jsonl")), process)
    here("grid", "cancel", experiment, "logic + puzzle, seed 0", "--store", store)
    process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 1
    assert list((store / "scratch").glob("train-*/checkpoint-*")), "it stopped without saving"
    again = here("grid", "run", experiment, "--store", store, "--json", code=1).stdout.splitlines()[-1]
    assert [failure["cause"] for failure in json.loads(again)["failed"].values()] == ["cancelled"]
    here("grid", "retry", experiment, "--store", store)
    status = json.loads(here("grid", "status", experiment, "--store", store, "--json").stdout)
    assert status["counts"]["failed"] == 0
    tally.fault("stage cancelled while it ran")


@pytest.mark.faults("clocks")
def test_a_lease_from_elsewhere_with_a_clock_of_its_own(undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    """Its file is dated in 2038 and its beat stands still: it is taken over after the observer's own seconds."""
    text = ONE_STAGE.replace("device: cpu}", "device: cpu, stale_after_seconds: 6}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    base = stages_of(experiment, store)[0]
    lease = store / "leases" / f"{base['folder']}.json"
    lease.parent.mkdir(parents=True)
    (store / "store.json").write_text('{"schema": 2}')
    holder = {"token": "t", "host": "elsewhere/boot", "pid": 1, "started": 4e9, "beat": 7, "progress": {}}
    lease.write_text(json.dumps(holder))
    os.utime(lease, (2**31, 2**31))
    begun = time.monotonic()
    here("grid", "run", experiment, "--store", store)
    assert time.monotonic() - begun > 6, "a lease that may be alive was taken"
    assert_whole(store, undisturbed)
    tally.fault("stale lease with a wrong clock")
    tally.store(store, undisturbed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of its own, whose size tests change."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def leave_free(disk: Path, free_bytes: int) -> None:
    used = shutil.disk_usage(disk).used
    remount(disk, f"size={(used + free_bytes) // 1024}k")


@pytest.mark.faults("disks")
@pytest.mark.parametrize(("what", "stages_before"), [("publishing", 0), ("training", 1), ("records", 2)])
def test_full_disk(
    what: str, stages_before: int, small_disk: Path, undisturbed: Path, tmp_path: Path, tally: Any
) -> None:
    """Too little room at three moments."""
    experiment, store = write_experiment(tmp_path, ONE_STAGE), small_disk / "store"
    stages = stages_of(experiment, store)
    for stage in stages[:stages_before]:
        here("grid", "run", experiment, "--store", store, "--stage", stage["key"])
    leave_free(small_disk, 40_000 if what == "records" else 160_000)
    said = here("grid", "run", experiment, "--store", store, code=2 if what == "records" else 1).stderr
    assert "No space left" in said or "disk is full" in said
    assert "Traceback" not in said
    assert len(published(store)) < len(stages)
    remount(small_disk, "size=256m")
    here("grid", "run", experiment, "--store", store)
    assert_whole(store, undisturbed)
    tally.fault(f"disk full in {what}")
    tally.store(store, undisturbed)


@pytest.mark.faults("disks")
def test_read_only_store(small_disk: Path, undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    experiment, store = write_experiment(tmp_path, ONE_STAGE), small_disk / "store"
    shutil.copytree(undisturbed, store)
    remount(small_disk, "ro")
    ended = here("grid", "run", experiment, "--store", store, "--json").stdout.splitlines()[-1]
    assert json.loads(ended)["ran"] == []
    here("grid", "status", experiment, "--store", store)
    said = here("grid", "run", experiment, "--store", store, "--seeds", "5", code=2).stderr
    assert "cannot be used as a store" in said
    assert "Traceback" not in said
    tally.fault("read-only store")
    tally.store(store, undisturbed)


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(data if how == "flipped bit" else data[:-9])


def forget(store: Path, pattern: str) -> None:
    """Take published stages away, so that the next run makes them from what they read."""
    for folder in (store / "stages").glob(pattern):
        shutil.rmtree(folder)


@pytest.mark.parametrize("how", ["flipped bit", "truncated", "missing"])
def test_a_damaged_artifact_is_refused_or_made_again(
    how: str, finished: Path, undisturbed: Path, tmp_path: Path, tally: Any
) -> None:
    experiment = write_experiment(tmp_path, ONE_STAGE)
    weights = next((finished / "stages").glob("base-*/checkpoints/*/model.safetensors"))
    damage(weights, how)
    forget(finished, "train-*")
    before = completions(finished)
    said = here("grid", "run", experiment, "--store", finished, code=1).stderr
    assert "model.safetensors" in said
    assert "is damaged" in said
    assert completions(finished) == before, "something was made from damaged weights"
    here("grid", "run", write_experiment(tmp_path, REMAKE), "--store", finished)
    assert_whole(finished, undisturbed)
    base = weights.parents[2].name
    assert completions(finished)[base] == 2
    train = next(name for name in published(finished) if name.startswith("train-"))
    tally.fault(f"artifact: {how}, refused and then made again")
    tally.store(finished, undisturbed, remade=frozenset({base, train}))


@pytest.mark.parametrize("file", ["evaluate-*/records.parquet", "train-*/stage.json"])
def test_damaged_records_of_a_finished_grid_are_made_again(
    file: str, finished: Path, undisturbed: Path, tmp_path: Path, tally: Any
) -> None:
    records = next((finished / "stages").glob(file))
    damage(records, "flipped bit")
    said = here("report", write_experiment(tmp_path, ONE_STAGE), "--store", finished, code=2).stderr
    assert "is damaged" in said
    before = completions(finished)
    events = here("grid", "run", write_experiment(tmp_path, REMAKE), "--store", finished, "--json").stdout
    (key,) = json.loads(events.splitlines()[-1])["ran"]
    assert key.startswith(records.parent.name.rpartition("-")[2])
    assert completions(finished) - before == {records.parent.name: 1}
    assert_whole(finished, undisturbed)
    tally.fault(f"{records.name}: flipped bit")
    tally.store(finished, undisturbed, remade=frozenset({records.parent.name}))


@pytest.mark.faults("disks")
@pytest.mark.skipif(platform.machine() not in CALLS, reason="the numbers of this machine's system calls are not known")
@pytest.mark.parametrize("call", ["flock", "rename"])
def test_a_file_system_without_locks_or_renames(call: str, tmp_path: Path, tally: Any) -> None:
    experiment = write_experiment(tmp_path, ONE_STAGE)
    words = ["-m", "tests.support.without_syscall", call, "-m", "xdomain"]
    words += ["grid", "run", experiment, "--store", tmp_path / "s"]
    ended = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=REPOSITORY,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "cannot be used as a store" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list((tmp_path / "s" / "work").glob("base-*"))
    tally.fault(f"file system without {call}")
