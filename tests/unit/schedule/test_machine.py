"""What a run on this machine refuses before it starts, and what it sets aside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task
from xdomain.schedule.executors import make_executor
from xdomain.schedule.local import LocalExecutor
from xdomain.store.store import Store
from xdomain.worker.device import used_device
from xdomain.worker.preflight import run_preflight

MEMORY = psutil.virtual_memory().total / 1e9


@pytest.mark.parametrize("executor", ["local", "inline"])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"gpus": 3}, "asks for 3, and this machine has 2"),
        ({"gpus": 0.5}, "by Ray alone"),
        ({"cpus": (os.cpu_count() or 1) + 1}, f"this machine has {os.cpu_count()} for it"),
        ({"memory_gb": 2 * MEMORY}, "asks for"),
    ],
)
def test_more_than_this_machine_has(
    executor: str, asked: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    execution = ExecutionConfig.model_validate({"executor": executor, "resources": {"train": asked}})
    with pytest.raises(ConfigError, match=words) as refused:
        make_executor(execution, Store(tmp_path / "store"), None)
    assert refused.value.where == f"execution.resources.train.{next(iter(asked))}"


def test_a_stage_waits_until_what_it_asks_for_is_free(tmp_path: Path) -> None:
    plan = make_plan()
    trains = [Task(stage.folder, (stage,), tmp_path / "none.json") for stage in plan.train_stages[:2]]
    base = Task(plan.base.folder, (plan.base,), tmp_path / "none.json")
    executor = LocalExecutor(3, 1, asked={StageKind.TRAIN: {"memory": 6.0}}, capacity={"memory": 10.0})
    for task in (trains[0], base, trains[1]):
        executor.submit(task)
    assert len(executor.running_processes()) == 2
    assert executor.free_slots() == 0, "what comes later does not overtake a stage that waits"
    executor.close()


def test_a_stage_gets_the_gpus_that_it_asks_for(tmp_path: Path) -> None:
    plan = make_plan()
    train, evaluation = (
        Task(each.folder, (each,), tmp_path / "none.json") for each in (plan.train_stages[0], plan.evaluations[0])
    )
    executor = LocalExecutor(3, 1, ("0", "1", "2"), asked={StageKind.EVALUATE: {"GPU": 2.0}}, capacity={"GPU": 3})
    executor.submit(evaluation)
    assert executor.free_slots() == 1
    executor.submit(train)
    assert executor.free_slots() == 0
    executor.close()


def test_cuda_without_a_usable_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names a GPU, and torch finds none: the trainer would take the CPU."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert (used_device("auto"), used_device("cpu")) == ("cpu", "cpu")
    experiment = make_experiment(execution={"device": "cuda", "executor": "inline"})
    for refuse in (lambda: used_device("cuda"), lambda: run_preflight(experiment)):
        with pytest.raises(ConfigError, match="cuda needs 1 GPU here, and torch can use 0") as refused:
            refuse()
        assert refused.value.where == "execution.device"


def test_no_gpu_at_all_names_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ConfigError, match="needs 1 GPU, and this machine shows 0") as refused:
        make_executor(ExecutionConfig(device="cuda"), Store(tmp_path / "store"), None)
    assert refused.value.where == "execution.device"
