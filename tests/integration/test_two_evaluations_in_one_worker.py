"""Two evaluations in one worker: what becomes of one does not change what is said of the other."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_experiment
from xdomain.core.states import Cause
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.task_file import task_file
from xdomain.store.failures import Failure
from xdomain.store.store import Store
from xdomain.worker.main import run_task


def test_an_error_is_not_said_of_the_cancelled_one_before_it(tmp_path: Path) -> None:
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        grid={},
        curricula=["logic"],
        training={"steps": 2, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 8},
        execution={"device": "cpu"},
    )
    plan = build_plan(experiment, resolve_identities(experiment))
    store = Store(tmp_path / "store")
    store.create()
    run_task(task_file(plan, store, [plan.base], {}))
    cancelled, broken = [stage for stage in plan.evaluations if stage.needs == (plan.base.key,)]
    asked = Failure(Cause.CANCELLED, "it was cancelled.", "")
    store.failures.record(cancelled, asked)
    (store.work(broken) / "records.parquet").mkdir(parents=True)
    run_task(task_file(plan, store, [cancelled, broken], {}))
    assert store.failures.last(cancelled) == asked
    failure = store.failures.last(broken)
    assert failure is not None
    assert failure.cause == "error"
    assert "records.parquet" in failure.message
