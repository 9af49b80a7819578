"""The executor that runs tasks in this process."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_experiment
from xdomain.plan.graph import Plan, build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.task_file import task_file
from xdomain.store.store import Store


def tiny_plan() -> Plan:
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        grid={},
        curricula=["logic"],
        training={"steps": 1, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 16},
        execution={"device": "cpu", "executor": "inline"},
    )
    return build_plan(experiment, resolve_identities(experiment))


def test_a_task_is_done_when_submit_returns(tmp_path: Path) -> None:
    plan, store = tiny_plan(), Store(tmp_path / "store")
    store.create()
    task = Task(plan.base.folder, (plan.base,), store.root / "work" / ".task.json")
    task.path.write_text(task_file(plan, store, [plan.base], {}).model_dump_json())
    executor = InlineExecutor()
    assert executor.free_slots() == 1
    executor.submit(task)
    assert store.done([plan.base])
    assert executor.free_slots() == 0, "its end was not asked for yet"
    assert list(executor.finished(0.0)) == [TaskExit(task)]
    assert list(executor.finished(0.0)) == []
    assert executor.free_slots() == 1
    executor.close()
