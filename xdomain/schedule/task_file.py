"""Make the task file, which contains everything that a worker needs to know about its stages."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageSpec
from xdomain.plan.task import Order, TaskFile, work_setup
from xdomain.schedule.repair import checkpoints_read
from xdomain.store.store import Store


def task_file(
    plan: Graph, store: Store, stages: Sequence[StageSpec], stale_tokens: Mapping[str, str], runner: str = ""
) -> TaskFile:
    """Return the task file for running `stages` of `plan` in one process.

    Args:
        plan: Plan that contains the stages.
        store: The store.
        stages: Stages to run.
        stale_tokens: Token of the stale lease that the worker may take over, by stage key.
        runner: Name of the session.
    """
    setup = plan.setup_of(stages[0])
    return TaskFile(
        store=str(store.root.resolve()),
        orders=tuple(_order(stage, plan, store) for stage in stages),
        setup=work_setup(stages[0], setup),
        execution=setup.execution,
        stale_tokens=dict(stale_tokens),
        command=tuple(sys.argv),
        runner=runner,
    )


def _order(stage: StageSpec, plan: Graph, store: Store) -> Order:
    return Order(
        stage=stage,
        inputs={need: plan.ref(need).folder for need in stage.needs},
        checkpoints=tuple(str(path.relative_to(store.root)) for path in checkpoints_read(stage, plan, store)),
    )
