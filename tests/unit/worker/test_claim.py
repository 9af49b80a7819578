"""A stage whose lease a worker holds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from tests.support.published import leased, published
from xdomain.core.stage import StageResult
from xdomain.core.states import Cause
from xdomain.plan.stage import StageSpec
from xdomain.schedule.task_file import task_file
from xdomain.store.failures import Failure
from xdomain.store.store import Store
from xdomain.worker.claim import Claim


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def claimed(store: Store, stage: StageSpec, stop: threading.Event | None = None) -> Claim:
    file = task_file(make_plan(evaluation={"items": 20}), store, [stage], {})
    return Claim(store, file, file.orders[0], leased(store, stage), stop or threading.Event())


def test_what_a_stage_gets(store: Store) -> None:
    plan, stop = make_plan(evaluation={"items": 20}), threading.Event()
    stage = plan.train_stages[0]
    claim = claimed(store, stage, stop)
    context = claim.context("cpu")
    assert context.work.is_dir()
    assert context.scratch.is_dir()
    assert context.inputs.keys() == set(stage.needs)
    assert context.lenders == ()
    assert not context.stop_requested()
    stop.set()
    assert context.stop_requested()
    claim.lease.release()


def test_completions_of_an_earlier_evaluation_are_lent_unless_corrupt(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = make_plan(evaluation={"items": 10}).evaluations[0]
    wanted = make_plan(evaluation={"items": 20}).evaluations[0]
    folder = published(store, earlier, summary={})
    claim = claimed(store, wanted)
    assert [lender.key for lender in claim.context("cpu").lenders] == [earlier.key]
    (folder / "stage.json").write_text((folder / "stage.json").read_text() + " ")
    assert claim.context("cpu").lenders == ()
    assert "is corrupt, so its completions are not reused" in capsys.readouterr().out
    claim.lease.release()


def test_a_stage_that_stopped_on_request_is_settled_and_not_published(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = make_plan(evaluation={"items": 20}).base
    claim = claimed(store, stage)
    claim.publish(StageResult(finished=False, summary={}))
    assert claim.settled
    assert not store.done([stage])
    assert "stopped on request" in capsys.readouterr().out
    claim.lease.release()


def test_published_with_its_provenance(store: Store) -> None:
    stage = make_plan(evaluation={"items": 20}).base
    claim = claimed(store, stage)
    claim.context("cpu")
    claim.publish(StageResult(finished=True, summary={"steps": 3}))
    assert claim.settled
    assert store.result(stage)["summary"] == {"steps": 3}
    claim.lease.release()


def test_a_failure_is_remembered(store: Store) -> None:
    stage = make_plan(evaluation={"items": 20}).base
    claim = claimed(store, stage)
    claim.fail(Failure(Cause.ERROR, "it broke.", str(claim.log)))
    assert claim.settled
    assert store.failures.last(stage) is not None
    claim.lease.release()
