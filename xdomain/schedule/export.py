"""A plan for other engines: one command a task, which runs it in the store like any worker of ours."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec
from xdomain.schedule.resources import demand, stated


@dataclass(frozen=True)
class ExportedTask:
    """Work of one process: a base or train stage, or the evaluations of one checkpoint.

    Attributes:
        name: folder of its first stage, unique in the plan.
        stages: its stages.
        needs: names of the tasks that come first.
        command: runs it; does nothing where it is done already.
        cpus: cores that it keeps busy.
        gpus: as `execution.resources` says for its kind; None where it says nothing.
    """

    name: str
    stages: tuple[StageSpec, ...]
    needs: tuple[str, ...]
    command: str
    cpus: int
    gpus: float | None


def exported_tasks(plan: Graph, run_command: Sequence[str]) -> list[ExportedTask]:
    """Tasks of `plan`, those that come first ahead.

    Args:
        run_command: the `grid run` of the whole experiment, which `--stage` narrows.
    """
    groups: dict[object, list[StageSpec]] = {}
    for stage in plan.stages.values():
        groups.setdefault(stage.task_group or stage.key, []).append(stage)
    name_of = {stage.key: group[0].folder for group in groups.values() for stage in group}
    execution = plan.setup.execution
    found = []
    for group in groups.values():
        kind = group[0].kind
        found.append(
            ExportedTask(
                name=group[0].folder,
                stages=tuple(group),
                needs=tuple(dict.fromkeys(name_of[need] for need in group[0].needs)),
                command=shlex.join([*run_command, *(word for stage in group for word in ("--stage", stage.key[:16]))]),
                cpus=int(demand(execution, kind, on_gpu=False)["CPU"]),
                gpus=stated(execution, kind).get("GPU"),
            )
        )
    return found


def as_jsonl(tasks: Sequence[ExportedTask]) -> Iterator[str]:
    """One JSON object a line: `name`, `kind`, `titles`, `keys`, `needs`, `command`, `cpus`, `gpus`."""
    for task in tasks:
        yield json.dumps(
            {
                "name": task.name,
                "kind": task.stages[0].kind,
                "titles": [stage.title for stage in task.stages],
                "keys": [stage.key for stage in task.stages],
                "needs": list(task.needs),
                "command": task.command,
                "cpus": task.cpus,
                "gpus": task.gpus,
            }
        )
