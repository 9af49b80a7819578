"""A stage whose lease a worker holds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from tests.support.published import leased, published
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageResult, StoppedByAlarm
from xdomain.core.states import Cause
from xdomain.plan.stage import StageSpec, TrainStage
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


def stopped(store: Store, good_step: int) -> tuple[Claim, TrainStage]:
    """A training stage that an alarm ended, with the checkpoint before the damage."""
    stage = make_plan(evaluation={"items": 20}).train_stages[0]
    claim = claimed(store, stage)
    context = claim.context("cpu")
    (context.scratch / "checkpoint-4").mkdir()
    if good_step:
        checkpoint_folder(context.work, good_step).mkdir(parents=True)
    claim.publish(StageResult(finished=True, summary={}, alarm=StoppedByAlarm(8, good_step, "puzzle fell by 9 points")))
    return claim, stage


def test_a_stage_that_an_alarm_stopped_fails_and_its_good_checkpoint_has_its_own_title(store: Store) -> None:
    claim, stage = stopped(store, 4)
    failure = store.failures.last(stage)
    assert claim.settled
    assert failure is not None
    assert failure.cause is Cause.ALARM
    assert "an alarm stopped it: puzzle fell by 9 points" in failure.message
    assert not store.done([stage])
    (found,) = store.find("*stopped by an alarm at step 8, up to step 4")
    assert found.key != stage.key
    assert checkpoint_folder(store.root / "stages" / found.folder, 4).is_dir()
    assert found.folder in failure.message
    assert not store.work(stage, claim.lease).exists()
    assert not store.scratch(stage, claim.lease).exists()
    claim.give_back()


def test_damage_before_the_first_look_leaves_no_checkpoint(store: Store) -> None:
    claim, stage = stopped(store, 0)
    failure = store.failures.last(stage)
    assert failure is not None
    assert "no checkpoint is kept" in failure.message
    assert store.find("*stopped*") == []
    claim.give_back()
