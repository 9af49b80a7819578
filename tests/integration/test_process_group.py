"""A training stage on two CPU processes under accelerate, which hold the model whole or share it: the same result as on
one, kills, orders and errors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.support.small_grid import all_records, command, environment, plan, weights, write_experiment, xdomain

pytestmark = pytest.mark.slow

TEXT = """
name: group
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula: [logic + puzzle]
training:
  steps: 12
  prompts_per_step: 4
  generations: 4
  learning_rate: 1.0e-4
  max_completion_tokens: 8
  rollout_draws: place
checkpoints: {every_steps: 4}
evaluation: {items: 24, samples: 2, temperature: 1.0}
execution: {workers: 2, device: cpu}
"""
WHOLE = ("--set", "execution.train_processes=2")
SHARDED = (*WHOLE, "--set", "execution.sharding=fsdp")
TOLERANCE = 1e-4
"""Of the way that the weights went, see docs/explanation/several-processes.md."""
STRAYS = 3
"""Weights of a sharded stage that may differ by more: AdamW makes a whole step of the rounding of a gradient near 0."""
LEARNING_RATE = 1e-4
WAIT_SECONDS = 240


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The experiment, and its store after a run with one process a stage."""
    folder = tmp_path_factory.mktemp("one")
    experiment = write_experiment(folder, TEXT)
    xdomain("grid", "run", experiment, "--store", folder / "store")
    return experiment, folder / "store"


@pytest.fixture(scope="module", params=[WHOLE, SHARDED], ids=["whole", "sharded"])
def two(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options of a run with two processes a training stage."""
    options: tuple[str, ...] = request.param
    return options


@pytest.fixture(scope="module")
def two_processes(
    one_process: tuple[Path, Path], two: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The store after an undisturbed run with two processes a training stage, told of two GPUs that are not there."""
    experiment, store = one_process[0], base_alone(one_process[1], tmp_path_factory.mktemp("two") / "store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        xdomain("grid", "run", experiment, "--store", store, *two, "--set", "execution.device=auto")
    return store


def base_alone(store: Path, target: Path) -> Path:
    """A store that holds the base stage of another."""
    (target / "stages").mkdir(parents=True)
    shutil.copy(store / "store.json", target)
    for folder in (store / "stages").glob("base-*"):
        shutil.copytree(folder, target / "stages" / folder.name)
    return target


def trained(store: Path, step: int) -> dict[str, torch.Tensor]:
    (path,) = (store / "stages").glob(f"train-*/checkpoints/step-{step:06d}/model.safetensors")
    return load_file(path)


def distance(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    return sum(float((first[name] - second[name]).double().square().sum()) for name in first) ** 0.5


def difference(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], left_out: int) -> tuple[float, float]:
    """Distance without the `left_out` weights that differ most, and the most that any weight differs by."""
    sizes = torch.cat([(first[name] - second[name]).double().abs().flatten() for name in first]).sort().values
    return float(sizes[: len(sizes) - left_out].norm()), float(sizes[-1])


def test_two_processes_equal_one(one_process: tuple[Path, Path], two: tuple[str, ...], two_processes: Path) -> None:
    strays = STRAYS if two is SHARDED else 0
    (base,) = (two_processes / "stages").glob("base-*/checkpoints/step-000000/model.safetensors")
    start = load_file(base)
    for step in (4, 8, 12):
        one, other = trained(one_process[1], step), trained(two_processes, step)
        moved, (apart, most) = distance(one, start), difference(one, other, strays)
        print(
            f"\nstep {step:2} | moved {moved:.3f} | one and two apart {apart:.1e}, {apart / moved:.1e} of it; "
            f"without {strays} weights; one weight by up to {most:.1e}"
        )
        assert moved > 0.05
        assert apart < TOLERANCE * moved
        assert most < step * LEARNING_RATE
    one_records, two_records = all_records(one_process[1]), all_records(two_processes)
    assert list(one_records["stage_key"]) == list(two_records["stage_key"]), "the number of processes re-keyed a stage"
    for name in ("schedule.jsonl", "metrics.jsonl"):
        lines = [next((store / "stages").glob(f"train-*/{name}")) for store in (one_process[1], two_processes)]
        first, second = ([json.loads(line) for line in path.read_text().splitlines()] for path in lines)
        assert [counted(line) for line in first] == [counted(line) for line in second]


@pytest.mark.skipif(torch.cuda.is_available(), reason="its two GPUs are made up")
def test_a_group_gets_a_device_a_process(two_processes: Path) -> None:
    devices: dict[str, set[str]] = {}
    for path in (two_processes / "stages").glob("*/done.json"):
        kind = path.parent.name.split("-")[0]
        devices.setdefault(kind, set()).add(json.loads(path.read_text())["provenance"]["cuda_visible_devices"])
    assert devices["train"] == {"0,1"}
    assert devices["evaluate"] == {"0", "1"}


def counted(line: dict) -> object:
    """What of a line of the schedule or the metrics is counted, not computed in floating point."""
    if "domains" not in line:
        return line
    return {name: [each[key] for key in ("prompts", "completion_tokens")] for name, each in line["domains"].items()}


def members(process: psutil.Process) -> list[psutil.Process]:
    """Processes of the group below a run."""
    return [
        child
        for child in process.children(recursive=True)
        if any("group_member" in word for word in child.cmdline()) and "accelerate" not in " ".join(child.cmdline())
    ]


def start(experiment: Path, store: Path, two: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("grid", "run", experiment, "--store", store, *two),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], object], running: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert running is None or running.poll() is None, running.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("whom", ["a member", "the scheduler"])
def test_a_killed_group_goes_on_to_the_same_weights(
    whom: str, one_process: tuple[Path, Path], two: tuple[str, ...], two_processes: Path, tmp_path: Path
) -> None:
    experiment, store = one_process[0], base_alone(one_process[1], tmp_path / "store")
    running = start(experiment, store, two)
    wait_for(lambda: list((store / "scratch").glob("train-*/checkpoint-*/complete")), running)
    group = members(psutil.Process(running.pid))
    assert len(group) == 2
    (group[1] if whom == "a member" else running).send_signal(signal.SIGKILL)
    if whom == "the scheduler":
        running.wait()
        wait_for(lambda: not any(each.is_running() for each in group))
        xdomain("grid", "run", experiment, "--store", store, *two)
    else:
        assert running.wait(WAIT_SECONDS) == 0
        status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
        assert [stage["attempts"] for stage in status["stages"] if stage["kind"] == "train"] == [["killed"]]
    assert weights(store) == weights(two_processes)
    assert not any(each.is_running() for each in group)


def test_the_order_to_stop_reaches_every_process(
    one_process: tuple[Path, Path], two: tuple[str, ...], tmp_path: Path
) -> None:
    experiment, store = one_process[0], base_alone(one_process[1], tmp_path / "store")
    running = start(experiment, store, two)
    wait_for(lambda: list((store / "work").glob("train-*/metrics.jsonl")), running)
    os.kill(running.pid, signal.SIGTERM)
    _, errors = running.communicate(timeout=WAIT_SECONDS)
    assert running.returncode == 130, errors
    assert list((store / "scratch").glob("train-*/checkpoint-*/complete"))
    assert not list((store / "leases").glob("*.json"))


def test_an_error_of_a_member_is_the_stages(
    one_process: tuple[Path, Path], two: tuple[str, ...], tmp_path: Path
) -> None:
    experiment, store = one_process[0], base_alone(one_process[1], tmp_path / "store")
    settings = ["--store", store, *two, "--set", "training.max_prompt_tokens=1"]
    answer = json.loads(xdomain("grid", "run", experiment, *settings, "--json", code=1).stdout.splitlines()[-1])
    (failure,) = answer["failed"].values()
    assert failure["cause"] == "error"
    assert "has no train item left to train on" in failure["message"]
    assert plan(experiment, store)["stages"]
