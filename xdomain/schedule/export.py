"""Export a plan for other workflow engines: one command per task, which runs that task in the store."""

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
    """The work of one process: a base or train stage, or the evaluations of one checkpoint.

    Attributes:
        name: Folder name of its first stage, unique in the plan.
        stages: Stages of the task.
        needs: Names of the tasks that must finish first.
        command: Command that runs the task. It does nothing if the stages are published already.
        cpus: Number of cores that the task keeps busy.
        gpus: Number of GPUs that `execution.resources` states for this kind of stage; None if it states none.
    """

    name: str
    stages: tuple[StageSpec, ...]
    needs: tuple[str, ...]
    command: str
    cpus: int
    gpus: float | None


def exported_tasks(plan: Graph, run_command: Sequence[str]) -> list[ExportedTask]:
    """Return the tasks of `plan`. Each task comes after the tasks that it needs.

    Args:
        plan: Stages to export.
        run_command: Words of the `grid run` command for the whole experiment. Each task adds `--stage` options.
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
    """Yield one line of JSON per task: `name`, `kind`, `titles`, `keys`, `needs`, `command`, `cpus`, `gpus`."""
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
