"""The plan as other engines get it."""

from __future__ import annotations

import json
import shlex

from tests.support.plans import make_plan
from xdomain.plan.stage import EvaluateStage
from xdomain.schedule.export import as_jsonl, exported_tasks

RUN = ["xdomain", "grid", "run", "/data/{odd} name.yaml"]


def test_every_stage_is_in_one_task_behind_what_it_needs() -> None:
    plan = make_plan()
    tasks = [json.loads(line) for line in as_jsonl(exported_tasks(plan, RUN))]
    assert sorted(key for task in tasks for key in task["keys"]) == sorted(plan.stages)
    task_of = {key: task for task in tasks for key in task["keys"]}
    seen: set[str] = set()
    for task in tasks:
        assert set(task["needs"]) <= seen
        seen.add(task["name"])
        for key in task["keys"]:
            assert {task_of[need]["name"] for need in plan.stages[key].needs} == set(task["needs"])


def test_evaluations_of_one_checkpoint_are_one_task() -> None:
    plan = make_plan()
    for task in exported_tasks(plan, RUN):
        if len(task.stages) > 1:
            assert len({stage.checkpoint for stage in task.stages if isinstance(stage, EvaluateStage)}) == 1
    assert sum(len(task.stages) > 1 for task in exported_tasks(plan, RUN)) == len(plan.evaluations) / 2


def test_a_command_names_its_stages_and_survives_a_shell() -> None:
    task = exported_tasks(make_plan(), RUN)[0]
    words = shlex.split(task.command)
    assert words[:4] == RUN
    assert words[4:] == ["--stage", task.stages[0].key[:16]]


def test_resources_follow_the_kind() -> None:
    plan = make_plan(execution={"threads": 2, "resources": {"train": {"gpus": 0.5, "cpus": 4}}})
    found = {task.stages[0].kind: (task.cpus, task.gpus) for task in exported_tasks(plan, RUN)}
    assert found == {"base": (2, None), "train": (4, 0.5), "evaluate": (2, None)}
