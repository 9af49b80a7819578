"""The local executor's choice of what starts when; its workers themselves are tested in tests/contract."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.support.plans import make_plan
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.local import LocalExecutor


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


def test_the_exit_of_a_worker_says_how_it_ended(tmp_path: Path) -> None:
    """A task file that is not there ends the worker with an exception; a kill shows as its signal."""
    base = make_plan().base
    task = Task(base.folder, (base,), tmp_path / "none.json")
    executor = LocalExecutor(1, 1)
    try:
        executor.submit(task)
        assert wait(executor) == [TaskExit(task, "exit code 1")]
        os.mkfifo(task.path)  # reading it waits for ever
        executor.submit(task)
        executor.kill(task)
        assert wait(executor) == [TaskExit(task, "signal 9")]
    finally:
        executor.close()


def test_tasks_that_never_started_end_with_a_stop(tmp_path: Path) -> None:
    train = make_plan().train_stages[0]
    os.mkfifo(tmp_path / "none.json")  # reading it waits for ever
    tasks = [Task(f"{number}", (train,), tmp_path / "none.json") for number in range(2)]
    executor = LocalExecutor(1, 1)
    try:
        for task in tasks:
            executor.submit(task)
        executor.stop(at_once=True)
        ended = wait(executor)
        ended += wait(executor) if len(ended) == 1 else []
        assert {each.task.name: each.how for each in ended} == {"0": "signal 9", "1": None}
    finally:
        executor.close()


def wait(executor: LocalExecutor) -> list[TaskExit]:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if ended := executor.finished(1.0):
            return list(ended)
    raise AssertionError("the executor told of no end")
