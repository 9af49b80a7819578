"""Faults that really happen to a grid: a full disk, a stage that fails twice, one that is cancelled as it runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.small_grid import (
    TEXT,
    all_records,
    command,
    environment,
    plan,
    run_events,
    weights,
    write_experiment,
    xdomain,
)

pytestmark = pytest.mark.slow

WAIT_SECONDS = 600


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """What was done to grids; printed as a table in the end."""
    counts: Counter[str] = Counter()
    yield counts
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    reporter.write_line("")
    for name, count in counts.items():
        reporter.write_line(f"{name:45} {count:5}")


def test_a_stage_that_fails_twice_and_then_works(tmp_path: Path, tally: Counter[str]) -> None:
    text = _one_stage().replace("device: cpu}", "device: cpu, retries: {error: 2}}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    (base,) = (stage for stage in plan(experiment, store)["stages"] if stage["kind"] == "base")
    (store / "work").mkdir(parents=True)
    (store / "store.json").write_text('{"schema": 1}')
    in_the_way = store / "work" / base["folder"]
    in_the_way.write_text("in the way")
    attempts = store / "attempts" / f"{base['folder']}.jsonl"
    process = _start(experiment, store)
    _wait(lambda: attempts.is_file() and len(attempts.read_text().splitlines()) == 2, process)
    in_the_way.unlink()
    assert process.wait(WAIT_SECONDS) == 0
    status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    (shown,) = (stage for stage in status["stages"] if stage["key"] == base["key"])
    assert (shown["state"], shown["attempts"]) == ("done", ["error", "error"])
    tally["stage that fails twice"] += 1


def test_a_cancelled_stage_stops_and_waits_for_retry(tmp_path: Path, tally: Counter[str]) -> None:
    text = _one_stage().replace("steps: 4", "steps: 4000")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    process = _start(experiment, store)
    _wait(lambda: any((store / "work").glob("train-*/metrics.jsonl")), process)
    xdomain("grid", "cancel", experiment, "logic, seed 0", "--store", store)
    assert process.wait(WAIT_SECONDS) == 1
    assert list((store / "scratch").glob("train-*/checkpoint-*")), "it stopped without saving"
    again = run_events(experiment, "--store", store, code=1)[-1]
    assert [failure["cause"] for failure in again["failed"].values()] == ["cancelled"]
    xdomain("grid", "retry", experiment, "--store", store)
    status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    assert status["counts"]["failed"] == 0
    tally["stage cancelled while it ran"] += 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of its own, whose size tests change."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def _remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


@pytest.mark.parametrize("what", ["publishing a base"])
def test_full_disk(what: str, small_disk: Path, tmp_path: Path, tally: Counter[str]) -> None:
    """Too little room: said in one paragraph, nothing torn is published, the same command goes on."""
    experiment, store = write_experiment(tmp_path, _one_stage()), small_disk / "store"
    stages = plan(experiment, store)["stages"]
    used = sum(file.stat().st_blocks * 512 for file in small_disk.rglob("*"))
    _remount(small_disk, f"size={(used + 160_000) // 1024}k")
    ended = subprocess.run(
        command("grid", "run", experiment, "--store", store),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert ended.returncode in {1, 2}, ended.stderr
    assert "No space left" in ended.stderr or "disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(list((store / "stages").glob("*/done.json"))) < len(stages)
    _remount(small_disk, "size=256m")
    xdomain("grid", "run", experiment, "--store", store)
    other = tmp_path / "other"
    xdomain("grid", "run", experiment, "--store", other)
    _assert_equal(store, other)
    tally[f"disk full in {what}"] += 1


def _one_stage() -> str:
    """One training stage after a short warm-up."""
    text = TEXT.replace("{singles: true, ordered_pairs: true, mixed_pairs: true}", "{}\ncurricula: [logic]")
    return text.replace("warmup: {steps: 80", "warmup: {steps: 5")


def _start(experiment: Path, store: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("grid", "run", experiment, "--store", store),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait(condition, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Wait for `condition` while the run lives; its descendants at that moment."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert process.poll() is None, "the run ended before it could be disturbed"
        assert time.monotonic() < end, "the run did not get far enough in time"
        time.sleep(0.05)
    return psutil.Process(process.pid).children(recursive=True)


def _assert_equal(store: Path, other: Path) -> None:
    assert weights(store) == weights(other)
    pd.testing.assert_frame_equal(all_records(store), all_records(other))
    assert not list((store / "leases").glob("*.json"))


if sys.platform != "linux":
    pytest.skip("faults are injected through Linux's /proc, signals and tmpfs", allow_module_level=True)
