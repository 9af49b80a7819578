"""Counts, ends and estimates of a grid's states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support.looks import with_looks
from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.api.marks import cancel_stage, clear_failures
from xdomain.api.session import Session, open_experiment
from xdomain.api.status import GridStatus, find_log, grid_status
from xdomain.store.store import Store

ROOT = Path(__file__).parents[3]


def fresh(tmp_path: Path) -> Session:
    return open_experiment(ROOT / "experiments" / "smoke.yaml", store=tmp_path / "store")


def test_a_finished_grid(smoke: Session) -> None:
    found = smoke.status()
    total = len(smoke.plan.stages)
    assert (found.finished, found.settled, found.workers) == (True, True, 0)
    assert str(found) == f"smoke: {total} of {total} done, 0 running, 0 failed, 0 waiting"
    assert {each["state"] for each in found.document()["stages"]} == {"done"}
    assert found.estimate_seconds == 0


def test_a_grid_that_nobody_ran_waits(tmp_path: Path) -> None:
    found = fresh(tmp_path).status()
    assert found.counts == {"done": 0, "running": 0, "failed": 0, "waiting": len(found.plan.stages)}
    assert (found.settled, found.estimate_seconds) == (False, None)


def test_what_needs_a_failed_stage_is_settled(tmp_path: Path) -> None:
    session = fresh(tmp_path)
    cancel_stage(session.store, session.plan.base)
    found = session.status()
    assert found.counts["failed"] == 1
    assert found.settled, "everything needs the base"
    assert clear_failures(session.store, session.plan.stages.values()) == [session.plan.base]
    assert not session.status().settled


def test_a_log_may_be_that_of_an_evaluation_beside(smoke: Session, tmp_path: Path) -> None:
    session = fresh(tmp_path)
    session.store.create()
    first, second = session.plan.evaluations[:2]
    stages = list(session.plan.stages.values())
    assert find_log(session.store, stages, second) is None
    session.store.log_path(first).write_text("both\n")
    assert find_log(session.store, stages, second) == session.store.log_path(first)
    assert find_log(session.store, stages, session.plan.base) is None


def test_processes_are_counted_once(smoke: Session) -> None:
    found = smoke.status()
    states = {key: replace(state) for key, state in found.states.items()}
    assert GridStatus(found.plan, found.store, states).workers == 0


def test_optional_stages_are_counted_apart(tmp_path: Path) -> None:
    alarms = {"on_alarm": "refresh", "budget": 1.0}
    training = {"steps": 8, "prompts_per_step": 4, "generations": 2, "alarms": alarms}
    plan, store = make_plan(grid={}, curricula=["logic"], training=training), Store(tmp_path / "store")
    store.create()
    (train,) = plan.train_stages
    for stage in plan.stages.values():
        if stage is train:
            with_looks(store, train, {"logic": 0.1, "puzzle": -0.2})
        else:
            published(store, stage)
    found = grid_status(plan, store)
    assert found.counts == {"done": len(plan.stages), "running": 0, "failed": 0, "waiting": 0}
    assert found.optional_counts == {"done": 0, "running": 0, "failed": 0, "waiting": 3, "not needed": 3}
    assert (found.finished, found.settled) == (False, False)
    assert str(found).endswith("0 waiting; optional: 3 waiting, 3 not needed")
    assert found.table["optional"] == found.optional_counts
    for each in plan.optional.values():
        if each.condition.domain == "puzzle":
            published(store, each.stage)
    found = grid_status(plan, store)
    assert (found.finished, found.settled) == (True, True)
    states = {each["title"]: each["state"] for each in found.document()["stages"] if each["optional"]}
    assert states["logic -> refresh(puzzle)@2, seed 0"] == "done"
    assert states["logic -> refresh(logic)@2, seed 0"] == "not needed"
