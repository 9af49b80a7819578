"""How long a plan will take, from what stages like its own took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageKind, TrainStage
from xdomain.store.artifact import DONE
from xdomain.store.description import STAGE
from xdomain.store.history import Rates, estimate_seconds, expected_seconds
from xdomain.store.lease import acquire
from xdomain.store.store import Store

TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2}
SECONDS = {"base": 8.0, "train": 20.0, "evaluate": 1.0}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with all of one small plan published."""
    store = Store(tmp_path / "store")
    store.create()
    for stage in make_plan().stages.values():
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        store.work(stage, lease).mkdir(parents=True)
        assert store.publish(stage, lease, {"summary": {}, "seconds": SECONDS[stage.kind]})
        lease.release()
    return store


def seconds(store: Store, plan: Plan, workers: int = 1) -> float | None:
    return estimate_seconds(plan, store, store.done(plan.stages.values()), workers)


def test_stages_of_another_learning_rate_tell_how_long_a_plan_takes(store: Store) -> None:
    plan = make_plan(training=TRAINING | {"learning_rate": 5e-5, "steps": 20})
    done = store.done(plan.stages.values())
    evaluations = sum(stage.key not in done for stage in plan.evaluations)
    expected = len(plan.train_stages) * 2 * SECONDS["train"] + evaluations * SECONDS["evaluate"]
    assert seconds(store, plan) == pytest.approx(expected)
    assert seconds(store, plan, workers=2) < expected
    assert set(Rates(plan, store, done).borrowed) == {"train"}, "the base's own evaluations are of this plan"


@pytest.mark.parametrize(
    "changes",
    [
        {"training": TRAINING | {"generations": 4}},
        {"training": TRAINING | {"max_completion_tokens": 99}},
        {"model": {"preset": "tiny_qwen3", "dtype": "bfloat16"}},
        {"evaluation": {"items": 77}},
    ],
    ids=["generations", "lengths", "model", "items"],
)
def test_stages_of_another_shape_or_model_tell_nothing(store: Store, changes: dict[str, Any]) -> None:
    assert seconds(store, make_plan(**changes)) is None


GRPO, DISTILLATION = 16.0, 3.0
"""Seconds of a stage of 10 steps with 8 completions each, and of one with 4 completions and a teacher."""


def distilling(**changes: Any) -> Plan:
    """A plan with an expert of each domain and one distillation from both."""
    return make_plan(grid={"singles": True}, curricula=["distill(logic, puzzle)"], training=TRAINING | changes)


def timed(store: Store, plan: Plan, *, taught: bool) -> None:
    """Publish the base model, the experts and their evaluations, and the distillation if `taught`."""
    store.create()
    for stage in plan.stages.values():
        distills = isinstance(stage, TrainStage) and bool(stage.teachers)
        spent = {"base": 8.0, "train": DISTILLATION if distills else GRPO, "evaluate": 0.0}[stage.kind]
        if stage.kind is not StageKind.TRAIN or taught or not distills:
            lease = acquire(store.lease_path(stage))
            assert lease is not None
            store.work(stage, lease).mkdir(parents=True)
            assert store.publish(stage, lease, {"summary": {}, "seconds": spent})
            lease.release()


@pytest.mark.parametrize("rate", [5e-5, None], ids=["another plan's stages", "its own stages"])
def test_a_distillation_takes_as_long_as_measured_ones(tmp_path: Path, rate: float | None) -> None:
    store = Store(tmp_path)
    timed(store, distilling(), taught=True)
    plan = (
        distilling(learning_rate=rate)
        if rate
        else make_plan(
            grid={"singles": True}, curricula=["distill(logic, puzzle)", "distill(logic, puzzle)@30"], training=TRAINING
        )
    )
    open_stages = [stage for stage in plan.train_stages if stage.key not in store.done(plan.stages.values())]
    per_unit = Rates(plan, store, store.done(plan.stages.values())).seconds_by_work()
    for stage in open_stages:
        expected = DISTILLATION if stage.teachers else GRPO
        assert expected_seconds(stage, per_unit) == pytest.approx(expected * stage.steps / 10)
    assert any(stage.teachers for stage in open_stages)


def test_before_a_distillation_is_measured_its_completions_take_as_long_as_others(tmp_path: Path) -> None:
    store, plan = Store(tmp_path), distilling()
    timed(store, plan, taught=False)
    assert seconds(store, plan) == pytest.approx(GRPO / 2), "one completion per prompt instead of two"


def test_a_running_distillation_says_how_long_the_next_one_takes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    plan = make_plan(seeds=[0, 1], grid={"singles": True}, curricula=["distill(logic, puzzle)"], training=TRAINING)
    timed(store, plan, taught=False)
    running, _ = (stage for stage in plan.train_stages if stage.teachers)
    progress = {running.key: {"done": 5, "total": 10, "seconds_per_unit": 0.5}}
    left = estimate_seconds(plan, store, store.done(plan.stages.values()), running=progress)
    assert left == pytest.approx(2.5 + 5)


def test_own_stages_come_before_those_of_others(store: Store) -> None:
    plan = make_plan(seeds=[0, 1])
    rates = Rates(plan, store, store.done(plan.stages.values()))
    assert rates.borrowed == {}


def test_what_cannot_be_read_or_was_deleted_is_passed_over(store: Store) -> None:
    base = make_plan().base
    other = make_plan(training=TRAINING | {"learning_rate": 5e-5})
    (train, *rest) = make_plan().train_stages
    (store.folder(train) / STAGE).write_text("{torn")
    assert seconds(store, other) is not None
    for stage in rest:
        (store.folder(stage) / DONE).unlink()
    assert seconds(store, other) is None
    assert (store.folder(base) / STAGE).is_file()
