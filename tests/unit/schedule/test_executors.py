"""The executor that an experiment names, and what a run on this machine refuses before it starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.schedule.executors import make_executor
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.store.store import Store

MEMORY = psutil.virtual_memory().total / 1e9


@pytest.mark.parametrize("executor", ["local", "inline"])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"gpus": 3}, "requests 3, but this machine has 2"),
        ({"gpus": 0.5}, "only Ray"),
        ({"cpus": (os.cpu_count() or 1) + 1}, f"this machine has {os.cpu_count()}"),
        ({"memory_gb": 2 * MEMORY}, "a stage requests"),
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


def test_no_gpu_at_all_names_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ConfigError, match="needs 1 GPU, and this machine shows 0") as refused:
        make_executor(ExecutionConfig(device="cuda"), Store(tmp_path / "store"), None)
    assert refused.value.where == "execution.device"


def test_more_gpus_than_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(ConfigError, match="needs 3 GPUs, and this machine shows 2") as refused:
        make_executor(ExecutionConfig(train_processes=3), Store(tmp_path / "store"), None)
    assert refused.value.where == "execution.train_processes"


@pytest.mark.parametrize(("name", "kind"), [("local", LocalExecutor), ("inline", InlineExecutor)])
def test_the_name_chooses_the_executor(name: str, kind: type, tmp_path: Path) -> None:
    execution = ExecutionConfig.model_validate({"executor": name, "device": "cpu"})
    made = make_executor(execution, Store(tmp_path / "store"), None)
    assert type(made) is kind
    made.close()


@pytest.mark.parametrize(
    ("settings", "gpus", "jobs", "slots"),
    [
        ({"device": "cpu", "workers": 3}, "", None, 3),
        ({"device": "cpu", "workers": 3}, "", 5, 5),
        ({}, "0,1", None, 2),
        ({"train_processes": 2}, "0,1", 1, 2),
        ({"resources": {"evaluate": {"gpus": 2}}}, "0,1", 1, 2),
        ({"device": "cpu", "threads": 10_000}, "", None, 1),
    ],
)
def test_number_of_stages_at_once(
    settings: dict[str, Any], gpus: str, jobs: int | None, slots: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
    made = make_executor(ExecutionConfig.model_validate(settings), Store(tmp_path / "store"), jobs)
    assert made.free_slots() == slots
    made.close()
