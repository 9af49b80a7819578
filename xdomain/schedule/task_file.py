"""Write down for a worker all that it needs to know of its stages."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from xdomain.plan.graph import Graph
from xdomain.plan.spec import TaskSpec, stage_spec
from xdomain.plan.stage import Stage
from xdomain.plan.task import StageRecord, TaskFile
from xdomain.schedule.repair import checkpoints_read
from xdomain.store.store import Store


def task_file(
    plan: Graph, store: Store, stages: Sequence[Stage], stale_tokens: Mapping[str, str], runner: str = ""
) -> TaskFile:
    """The task of running `stages` of `plan` in one process.

    Args:
        stale_tokens: leases, by stage key, whose holder elsewhere was seen not to beat.
        runner: unique to the run.
    """
    experiment = plan.experiment_of(stages[0])
    execution = experiment.execution
    return TaskFile(
        store=str(store.root.resolve()),
        device=execution.device,
        threads=execution.threads,
        task=TaskSpec(experiment=experiment, stages=tuple(stage_spec(stage, plan.stages) for stage in stages)),
        records=tuple(
            StageRecord(
                kind=stage.kind,
                key=stage.key,
                title=stage.title,
                payload_json=json.dumps(stage.payload),
                needs=stage.needs,
                filed_as=stage.filed_as,
                input_folders=tuple(plan.stages[need].folder for need in stage.needs),
                checkpoints_read=tuple(
                    str(path.relative_to(store.root)) for path in checkpoints_read(stage, plan, store)
                ),
            )
            for stage in stages
        ),
        stale_tokens=dict(stale_tokens),
        command=tuple(sys.argv),
        runner=runner,
    )
