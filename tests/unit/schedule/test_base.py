"""The contract of executors and the classes that implement it; what they promise is tested in tests/contract."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.schedule.base import Executor, Task
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.ray_executor import RayExecutor
from xdomain.schedule.slurm_executor import SlurmExecutor

METHODS = [name for name, each in vars(Executor).items() if inspect.isfunction(each) and not name.startswith("_")]


@pytest.mark.parametrize("kind", [InlineExecutor, LocalExecutor, RayExecutor, SlurmExecutor])
def test_every_executor_has_the_contracts_methods(kind: type) -> None:
    assert len(METHODS) == 7
    for name in METHODS:
        assert inspect.signature(getattr(kind, name)) == inspect.signature(getattr(Executor, name)), name


def test_a_task_is_the_same_wherever_its_file_lies() -> None:
    base = make_plan().base
    assert Task(base.folder, (base,), Path("a.json")) == Task(base.folder, (base,), Path("b.json"))
    assert Task(base.folder, (base,), Path("a.json")) != Task("other", (base,), Path("a.json"))


@pytest.mark.parametrize(("backend", "keeps"), [("vllm", True), ("transformers", False)])
def test_only_evaluations_with_an_engine_keep_it(backend: str, keeps: bool) -> None:
    plan = make_plan(evaluation={"items": 10, "backend": backend})
    for stage in (plan.base, plan.train_stages[0], plan.evaluations[0]):
        task = Task(stage.folder, (stage,), Path("task.json"))
        assert task.keeps_engine is (keeps and stage is plan.evaluations[0])
