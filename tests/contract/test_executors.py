"""What every executor promises, with a real stage: a tiny model made, published, and told of once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.plans import make_experiment
from tests.support.ray_cluster import two_nodes
from tests.support.slurm_cluster import available, slurm_cluster
from xdomain.config.execution import ExecutionConfig, RayConfig, SlurmConfig
from xdomain.config.experiment import Experiment
from xdomain.core.errors import ConfigError
from xdomain.plan.graph import Plan, build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Executor, Task, TaskExit
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.ray_executor import RayExecutor
from xdomain.schedule.slurm_executor import SlurmExecutor
from xdomain.schedule.task_file import task_file
from xdomain.store.lease import acquire
from xdomain.store.store import Store


@pytest.fixture(scope="module")
def ray_address() -> Iterator[str]:
    with two_nodes() as (cluster, _):
        yield cluster.address


@pytest.fixture(scope="module")
def slurm_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    available()
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster.environment


@pytest.fixture(
    params=[
        "inline",
        "local",
        pytest.param("ray", marks=pytest.mark.ray),
        pytest.param("slurm", marks=[pytest.mark.slurm, pytest.mark.slow]),
    ]
)
def executor(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    if request.param == "slurm":
        for name, value in request.getfixturevalue("slurm_environment").items():
            monkeypatch.setenv(name, value)
        made: Executor = SlurmExecutor(ExecutionConfig(device="cpu", slurm=SlurmConfig(poll_seconds=0.5)), store.root)
    elif request.param == "ray":
        execution = ExecutionConfig(device="cpu", ray=RayConfig(address=request.getfixturevalue("ray_address")))
        made = RayExecutor(execution, store.root)
    else:
        made = InlineExecutor() if request.param == "inline" else LocalExecutor(1, 1)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 16}
"""Completions that fit the tiny model's context."""


def base_plan() -> Plan:
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        grid={},
        curricula=["logic"],
        training=TRAINING,
        execution={"device": "cpu"},
    )
    return build_plan(experiment, resolve_identities(experiment))


def submit(executor: Executor, store: Store, plan: Plan) -> Task:
    task = Task(plan.base.folder, (plan.base,), store.root / "work" / ".task.json")
    task.path.write_text(task_file(plan, store, [plan.base], {}).model_dump_json())
    executor.submit(task)
    return task


def wait(executor: Executor) -> list[TaskExit]:
    end = time.monotonic() + 200
    while time.monotonic() < end:
        if ended := executor.finished(1.0):
            return list(ended)
    raise AssertionError("the executor told of no end")


def test_a_task_is_published_and_told_of_once(executor: Executor, store: Store) -> None:
    plan = base_plan()
    free = executor.free_slots()
    task = submit(executor, store, plan)
    assert wait(executor) == [TaskExit(task)]
    assert list(executor.finished(0.0)) == []
    assert executor.free_slots() == free
    store.open_artifact(plan.base)
    assert store.log_path(plan.base).is_file()


def test_a_failure_stands_in_the_store(executor: Executor, store: Store) -> None:
    plan = base_plan()
    store.work(plan.base).write_text("a file where the work folder should be")
    submit(executor, store, plan)
    wait(executor)
    failure = store.failures.last(plan.base)
    assert failure is not None
    assert failure.cause == "error"
    assert not store.done([plan.base])


def test_a_stage_that_another_holds_is_left_alone(executor: Executor, store: Store) -> None:
    plan = base_plan()
    lease = acquire(store.lease_path(plan.base))
    assert lease is not None
    submit(executor, store, plan)
    wait(executor)
    assert lease.is_ours()
    lease.release()
    assert not store.done([plan.base])
    assert store.failures.last(plan.base) is None


def test_preflight_passes_on_what_trl_refuses(executor: Executor) -> None:
    experiment = make_experiment()
    refused = Experiment.model_validate(
        experiment.model_dump(mode="json", exclude_unset=True)
        | {"training": {"steps": 10, "prompts_per_step": 4, "generations": 2, "grpo": {"no_such_field": 1}}}
    )
    with pytest.raises(ConfigError, match="no such field"):
        executor.preflight(refused)


def test_close_ends_a_worker_in_the_middle_of_its_task(store: Store) -> None:
    executor = LocalExecutor(1, 1)
    submit(executor, store, base_plan())
    (worker,) = executor.running_processes()
    executor.close()
    assert not psutil.pid_exists(worker)
    assert executor.free_slots() == 1


def test_each_local_worker_gets_a_gpu_of_its_own(store: Store) -> None:
    executor = LocalExecutor(2, 1, devices=("3", "7"))
    warmed = make_experiment(
        model={"preset": "tiny_qwen3", "warmup": {"steps": 1, "examples_per_step": 2, "domains": ["logic"]}},
        grid={},
        curricula=["logic"],
        training=TRAINING,
        execution={"device": "cpu"},
    )
    plans = [base_plan(), build_plan(warmed, resolve_identities(warmed))]
    tasks = []
    for place, plan in enumerate(plans):
        tasks.append(Task(plan.base.folder, (plan.base,), store.root / "work" / f".task{place}.json"))
        tasks[-1].path.write_text(task_file(plan, store, [plan.base], {}).model_dump_json())
        executor.submit(tasks[-1])
    assert executor.free_slots() == 0
    ended = wait(executor)
    ended += [] if len(ended) == 2 else wait(executor)
    executor.close()
    assert {each.task.name for each in ended} == {task.name for task in tasks}
    seen = {store.result(plan.base)["provenance"]["cuda_visible_devices"] for plan in plans}
    assert seen == {"3", "7"}
