"""What the scheduler writes down for a worker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.plan.graph import Plan
from xdomain.plan.task import TaskFile
from xdomain.schedule.task_file import task_file
from xdomain.store.store import Store


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(execution={"threads": 3, "device": "cpu"})


def test_a_worker_reads_what_was_written(plan: Plan, tmp_path: Path) -> None:
    second = next(stage for stage in plan.train_stages if stage.phase_index == 1)
    written = task_file(plan, Store(tmp_path / "store"), [second], {second.key: "token"}, "session")
    (tmp_path / "task.json").write_text(written.model_dump_json())
    file = TaskFile.read(tmp_path / "task.json")
    assert file == written
    (order,) = file.orders
    assert order.stage == second
    assert (file.stale_tokens, file.runner, file.execution.threads) == ({second.key: "token"}, "session", 3)
    assert file.command == tuple(sys.argv)


def test_inputs_are_the_folders_of_what_a_stage_needs(plan: Plan, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for stage in plan.stages.values():
        (order,) = task_file(plan, store, [stage], {}).orders
        assert dict(order.inputs) == {need: plan.stages[need].folder for need in stage.needs}
        checkpoints = {Path(path).parts[:3] for path in order.checkpoints}
        assert checkpoints <= {("stages", folder, "checkpoints") for folder in order.inputs.values()}
        assert bool(checkpoints) == bool(stage.needs)


def test_only_base_and_training_stages_get_the_experiments_sections(plan: Plan, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert task_file(plan, store, list(plan.evaluations[:2]), {}).setup is None
    assert task_file(plan, store, [plan.base], {}).setup is not None
    assert task_file(plan, store, [plan.train_stages[0]], {}).setup == plan.experiment.training_setup
