"""A grid whose stages a command trains: killed commands, workers and schedulers, cancelled stages, refused outputs."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.support.command_stage import FAKE_TRAINER, experiment
from tests.support.small_grid import all_records, command, environment, plan, weights, write_experiment, xdomain

pytestmark = pytest.mark.slow

WAIT_SECONDS = 240


def write(folder: Path, *words: str, **engine: Any) -> Path:
    """Write the experiment of three curricula that `command_stage.experiment` describes."""
    made = experiment(folder, *words, **engine)
    data = made.model_dump(mode="json", include={"name", "domains", "checkpoints", "evaluation", "execution"})
    kept = {"steps", "prompts_per_step", "learning_rate", "engine"}
    data |= {"training": made.training.model_dump(mode="json", include=kept), "model": {"preset": "tiny_qwen3"}}
    curricula = "curricula: [sums, sums -> letters, letters + sums]\n"
    return write_experiment(folder, yaml.safe_dump(data) + curricula)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The experiment, whose steps take half a second, and its store after an undisturbed run."""
    folder = tmp_path_factory.mktemp("command")
    path = write(folder, "sleep=0.5")
    xdomain("grid", "run", path, "--store", folder / "store")
    return path, folder / "store"


def start(path: Path, store: Path) -> subprocess.Popen[str]:
    words = command("grid", "run", path, "--store", store)
    pipe = subprocess.PIPE
    return subprocess.Popen(words, env=environment(), stdout=pipe, stderr=pipe, text=True)


def wait_for(condition: Callable[[], Any], running: subprocess.Popen[str] | None = None) -> Any:
    end = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert running is None or running.poll() is None, running.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def commands() -> list[psutil.Process]:
    """The fake trainer's processes, without the guards that started them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(FAKE_TRAINER) in words and not any(word.endswith("guard.py") for word in words):
            found.append(process)
    return found


def trained_of(running: subprocess.Popen[str], store: Path) -> list[psutil.Process]:
    """The commands of a run that have trained a step."""
    if not list(store.glob("scratch/train-*/engine/metrics.jsonl")):
        return []
    below = {child.pid for child in psutil.Process(running.pid).children(recursive=True)}
    return [process for process in commands() if process.pid in below]


@pytest.mark.parametrize("whom", ["the command", "the worker", "the scheduler"])
def test_a_killed_grid_goes_on_to_the_same_records(whom: str, undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    path, store = undisturbed[0], tmp_path / "store"
    running = start(path, store)
    training = wait_for(lambda: trained_of(running, store), running)[0]
    guard = training.parent()
    if whom == "the command":
        training.send_signal(signal.SIGKILL)
    elif whom == "the worker":
        guard.parent().send_signal(signal.SIGKILL)
    else:
        running.send_signal(signal.SIGKILL)
        running.wait()
    wait_for(lambda: not training.is_running() or training.status() == psutil.STATUS_ZOMBIE)
    if whom == "the scheduler":
        xdomain("grid", "run", path, "--store", store)
    else:
        output, errors = running.communicate(timeout=WAIT_SECONDS)
        assert running.returncode == 0, errors
        assert "retry" in output + errors
    whole, parts = all_records(undisturbed[1]), all_records(store)
    assert whole.equals(parts)
    assert weights(undisturbed[1]) == weights(store)


def test_a_cancelled_command_that_never_ends_is_killed(tmp_path: Path) -> None:
    path, store = write(tmp_path, "sleep=3600", stop_seconds=1), tmp_path / "store"
    path.write_text(path.read_text().replace("[sums, sums -> letters, letters + sums]", "[sums]"))
    running = start(path, store)
    training = wait_for(lambda: trained_of(running, store), running)
    xdomain("grid", "cancel", path, "sums, seed 0", "--store", store)
    running.communicate(timeout=WAIT_SECONDS)
    assert not any(process.is_running() for process in training)
    assert running.returncode == 1


def test_the_plan_and_the_report_tell_what_trained(undisturbed: tuple[Path, Path]) -> None:
    path, store = undisturbed
    found = plan(path, store)
    assert found["engine"]["guarantees"] == {"seed": True, "schedule": True, "resume": True}
    sentence = "declared by its author: the same weights for the same seed, the exact prompt schedule, resuming."
    assert sentence in " ".join(xdomain("grid", "plan", path, "--store", store).stdout.split())
    xdomain("report", path, "--store", store)
    assert sentence in (store / "reports" / "fake" / "report.md").read_text()


@pytest.mark.parametrize(
    ("words", "what"),
    [(["exit=0"], "left no checkpoint at all: step-000002, step-000004"), (["exit=7"], "exit code 7")],
)
def test_a_stage_without_output_fails_by_name(words: list[str], what: str, tmp_path: Path) -> None:
    path = write(tmp_path, *words)
    failed = xdomain("grid", "run", path, "--store", tmp_path / "store", code=1)
    assert what in " ".join((failed.stdout + failed.stderr).split())


def test_what_cannot_work_is_refused_before_the_first_stage(tmp_path: Path) -> None:
    path, store = write(tmp_path), tmp_path / "store"
    refused = xdomain("grid", "plan", path, "--store", store, "--set", "training.generations=4", code=2)
    assert "training.generations" in refused.stderr
    missing = ["--set", "training.engine.command=[no-such-trainer]"]
    refused = xdomain("grid", "run", path, "--store", store, *missing, code=2)
    assert 'the program "no-such-trainer" was not found' in " ".join(refused.stderr.split())
    assert not list((store / "stages").glob("*"))
