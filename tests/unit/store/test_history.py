"""How long a plan will take, from what stages like its own took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.plan.graph import Plan
from xdomain.store.artifact import DONE
from xdomain.store.description import STAGE
from xdomain.store.history import Rates, estimate_seconds
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
