"""Processes of a grid die, hang or are told to stop; runners share a store. Each time the end is that of an undisturbed
run: equal weights, equal records, no stage run to its end twice."""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.fault_injection import (
    ONE_STAGE,
    TINY,
    assert_gone,
    assert_whole,
    completions,
    family,
    here,
    holders,
    published,
    start,
    wait_for,
)
from tests.support.memory_group import memory_group
from tests.support.random_kills import TARGETS, kill_one, works_soon
from tests.support.small_grid import REPOSITORY, STAGES, WAIT_SECONDS, command, environment, write_experiment
from tests.support.without_syscall import CALLS
from xdomain.schedule.memory import memory_kills

if sys.platform != "linux":
    pytest.skip("faults are injected through Linux's /proc and signals", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.faults("kills")]

KILLS = 30
SEED = 20261121
PATIENT = TINY.replace("device: cpu}", "device: cpu, retries: {killed: 1000}}")
LONGER = ONE_STAGE.replace("steps: 4,", "steps: 12,")
ADAPTER = LONGER.replace("preset: tiny_qwen3,", "preset: tiny_qwen3, lora: {r: 4},")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    here("grid", "run", write_experiment(folder, TINY), "--store", folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def undisturbed_longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longer")
    here("grid", "run", write_experiment(folder, LONGER), "--store", folder / "store")
    return folder / "store"


def run_on(experiment: Path, store: Path) -> None:
    """Bring a grid to its end with the same command that was disturbed."""
    process = start(experiment, store)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output


def test_storm_of_kills(undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    """kill -9 of scheduler, workers and forkserver, at seeded random moments, until 30 have hit."""
    rng = random.Random(SEED)
    targets = rng.sample([target for target in TARGETS for _ in range(KILLS // len(TARGETS))], KILLS)
    experiment = write_experiment(tmp_path, PATIENT)
    for grid in range(KILLS):
        store = tmp_path / f"store{grid}"
        tokens: dict[str, str] = {}
        storm_one_grid(experiment, store, targets, rng, tokens, tally)
        run_on(experiment, store)
        check_tokens(store, tokens)
        assert len(tokens) == STAGES
        assert_whole(store, undisturbed)
        assert set(completions(store).values()) == {1}
        tally.store(store, undisturbed)
        if not targets:
            return


def storm_one_grid(
    experiment: Path, store: Path, targets: list[str], rng: random.Random, tokens: dict[str, str], tally: Any
) -> None:
    """Disturb runs on one store until the grid is done or all kills are spent."""
    while targets and len(tokens) < STAGES:
        process = start(experiment, store)
        below: list[psutil.Process] = []
        try:
            while targets and process.poll() is None:
                if not works_soon(store, process):
                    break
                time.sleep(rng.uniform(0, 1.5))
                below = family(process) or below
                if process.poll() is None and kill_one(targets[-1], process, store, rng):
                    tally.fault(f"kill -9 of a {targets.pop()}")
                check_tokens(store, tokens)
        finally:
            process.kill()
            process.communicate()
        assert_gone(below)
        check_tokens(store, tokens)


def check_tokens(store: Path, tokens: dict[str, str]) -> None:
    """A terminal token that was seen once stays as it is: nothing that is done is lost or done again."""
    for name in published(store) | tokens.keys():
        token = (store / "stages" / name / "done.json").read_text()
        assert tokens.setdefault(name, token) == token, f"{name} was completed twice"


IDLE_LOCKS = ["-m", "tests.support.without_syscall", "idle_flock"]
TWO_LOCKS = """
import fcntl, sys
first, second = open(sys.argv[1], "a"), open(sys.argv[1], "a")
for each in (first, second):
    fcntl.flock(each, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


@pytest.mark.parametrize(("runners", "prefix"), [(2, []), (4, []), (4, IDLE_LOCKS)], ids=["2", "4", "4-idle-locks"])
@pytest.mark.faults("rivals")
def test_concurrent_runners_divide_the_work(
    undisturbed: Path, tmp_path: Path, tally: Any, runners: int, prefix: list[str]
) -> None:
    experiment, store = write_experiment(tmp_path, TINY), tmp_path / "store"
    if prefix:
        if platform.machine() not in CALLS:
            pytest.skip("the numbers of this machine's system calls are not known")
        subprocess.run(
            [sys.executable, *prefix, "-c", TWO_LOCKS, tmp_path / "lock"], check=True, cwd=REPOSITORY, env=environment()
        )
    python, *words = command("grid", "run", experiment, "--store", store, "-j", "1", "--json")
    running = [
        subprocess.Popen(
            [python, *prefix, *words],
            env=environment(),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(runners)
    ]
    answers = [each.communicate(timeout=WAIT_SECONDS) for each in running]
    assert [each.returncode for each in running] == [0] * runners, answers
    shares = [json.loads(stdout.splitlines()[-1])["ran"] for stdout, _ in answers]
    ran = Counter(key for share in shares for key in share)
    assert len(ran) == STAGES
    assert set(ran.values()) == {1}
    assert sum(bool(share) for share in shares) > 1, "one runner did everything"
    assert_whole(store, undisturbed)
    assert set(completions(store).values()) == {1}
    tally.fault(f"rival runners on one store{', where flock does nothing' if prefix else ''}", runners)
    tally.store(store, undisturbed)


def test_sigterm_saves_and_the_moved_store_goes_on(undisturbed_longer: Path, tmp_path: Path, tally: Any) -> None:
    experiment, store = write_experiment(tmp_path, LONGER), tmp_path / "store"
    process = start(experiment, store)
    wait_for(lambda: list((store / "work").glob("train-*/metrics.jsonl")), process)
    below = family(process)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130, output
    assert_gone(below)
    assert not list((store / "leases").glob("*.json"))
    assert list((store / "scratch").glob("train-*/checkpoint-*/complete")), "it stopped without saving"
    moved = tmp_path / "elsewhere" / "moved"
    shutil.copytree(store, moved)
    shutil.rmtree(store)
    run_on(experiment, moved)
    assert_whole(moved, undisturbed_longer)
    tally.fault("SIGTERM in training")
    tally.fault("store moved to another folder")
    tally.store(moved, undisturbed_longer)


def test_second_ctrl_c_ends_everything_at_once(undisturbed_longer: Path, tmp_path: Path, tally: Any) -> None:
    experiment, store = write_experiment(tmp_path, LONGER), tmp_path / "store"
    process = start(experiment, store)
    (worker, *_) = wait_for(lambda: holders(store, "train"), process)
    below = family(process)
    worker.suspend()  # so that it cannot stop by itself in between
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "the first Ctrl-C waits for a checkpoint"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130, output
    assert_gone(below)
    run_on(experiment, store)
    assert_whole(store, undisturbed_longer)
    tally.fault("second Ctrl-C")
    tally.store(store, undisturbed_longer)


@pytest.mark.parametrize("text", [LONGER, ADAPTER], ids=["full", "lora"])
def test_signals_in_mid_save(text: str, undisturbed_longer: Path, tmp_path: Path, tally: Any) -> None:
    """SIGTERM to the run while a resume state is being written, then kill -9 of the worker in the same place."""
    experiment, store, undisturbed = write_experiment(tmp_path, text), tmp_path / "store", undisturbed_longer
    if text == ADAPTER:
        undisturbed = tmp_path / "undisturbed"
        here("grid", "run", experiment, "--store", undisturbed)
    process = start(experiment, store)
    wait_for(lambda: torn_states(store), process, pause_seconds=0.001)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130, output
    assert not torn_states(store)
    process = start(experiment, store)
    wait_for(lambda: torn_states(store), process, pause_seconds=0.001)
    for worker in holders(store, "train"):
        worker.kill()
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output
    assert_whole(store, undisturbed)
    tally.fault("SIGTERM in mid-save")
    tally.fault("kill -9 in mid-save")
    tally.store(store, undisturbed)


def torn_states(store: Path) -> list[Path]:
    """Resume states that are being written, or were left half written."""
    return [path for path in (store / "scratch").glob("train-*/checkpoint-*") if not (path / "complete").is_file()]


@pytest.mark.faults("hangs")
def test_a_worker_that_hangs_without_heartbeat(undisturbed_longer: Path, tmp_path: Path, tally: Any) -> None:
    text = LONGER.replace("device: cpu}", "device: cpu, stale_after_seconds: 6}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    process = start(experiment, store)
    (worker, *_) = wait_for(lambda: holders(store, "train"), process)
    worker.suspend()
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output
    assert "hung and was killed" in output
    assert_gone([worker])
    assert_whole(store, undisturbed_longer)
    tally.fault("worker that hangs without heartbeat")
    tally.store(store, undisturbed_longer)


@pytest.mark.faults("hangs")
def test_another_runner_kills_a_holder_that_hangs(undisturbed_longer: Path, tmp_path: Path, tally: Any) -> None:
    """A whole run stands still, so nobody but the next one can tell."""
    text = LONGER.replace("device: cpu}", "device: cpu, stale_after_seconds: 6}")
    experiment, store = write_experiment(tmp_path, text), tmp_path / "store"
    process = start(experiment, store)
    (worker, *_) = wait_for(lambda: holders(store, "train"), process)
    psutil.Process(process.pid).suspend()
    worker.suspend()
    try:
        run_on(experiment, store)
        assert_gone([worker])
    finally:
        below = family(process)
        process.kill()
        process.communicate()
    assert_gone(below)
    assert_whole(store, undisturbed_longer)
    tally.fault("run that hangs as a whole")
    tally.store(store, undisturbed_longer)


@pytest.fixture
def little_memory() -> Iterator[Path]:
    yield from memory_group(8 << 20)


@pytest.mark.skipif(memory_kills() is None, reason="this kernel does not count its kills for memory")
def test_killed_when_memory_ran_out(undisturbed_longer: Path, tmp_path: Path, tally: Any, little_memory: Path) -> None:
    experiment, store = write_experiment(tmp_path, LONGER), tmp_path / "store"
    process = start(experiment, store)
    wait_for(lambda: list((store / "work").glob("train-*/metrics.jsonl")), process)
    (worker, *_) = wait_for(lambda: holders(store, "train"), process)
    (little_memory / "cgroup.procs").write_text(str(worker.pid))
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, output
    (attempts,) = (path.read_text() for path in (store / "attempts").glob("train-*.jsonl"))
    assert [json.loads(line)["cause"] for line in attempts.splitlines()] == ["out of memory"]
    assert_whole(store, undisturbed_longer)
    tally.fault("kill by the kernel when memory ran out")
    tally.store(store, undisturbed_longer)


def test_nobody_outlives_a_killed_run(tmp_path: Path) -> None:
    """The scheduler is gone; forkserver, workers and their helpers end by themselves."""
    experiment, store = write_experiment(tmp_path, LONGER), tmp_path / "store"
    process = start(experiment, store)
    wait_for(lambda: holders(store, "train"), process)
    below = family(process)
    assert len(below) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert_gone(below)
