"""The stored stage that resembles an open one most."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.store.reuse import StoredAlike, not_reused
from xdomain.store.store import Store


def store_of(path: Path, *plans: object) -> Store:
    store = Store(path)
    store.create()
    for plan in plans:
        for stage in plan.stages.values():  # type: ignore[attr-defined]
            if not store.done([stage]):
                published(store, stage, seconds=1.0, summary={})
    return store


def test_reasons_are_counted_by_kind(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", make_plan())
    plan = make_plan(training={"steps": 12, "prompts_per_step": 4, "generations": 2})
    changed, followed = not_reused(plan, store, store.done(plan.stages.values()))
    assert str(changed.reason) == "steps: 10 -> 12"
    assert changed.stages["train"] == len(plan.train_stages)
    assert changed.example[0] == "logic, seed 0"
    assert followed.reason is None or str(followed.reason) == "the evaluated step: 10 -> 12"


def test_the_nearest_of_several_is_compared(tmp_path: Path) -> None:
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2}
    far = make_plan(training=training | {"learning_rate": 1e-3, "temperature": 0.5})
    near = make_plan(training=training | {"learning_rate": 1e-3})
    store = store_of(tmp_path / "s", far, near)
    found = StoredAlike(store).nearest(make_plan().train_stages[0])
    assert found is not None
    assert found.key == near.train_stages[0].key


def test_half_a_plan_is_not_compared_with_its_other_half(tmp_path: Path) -> None:
    plan = make_plan(checkpoints={"every_steps": 5})
    store = Store(tmp_path / "s")
    store.create()
    for stage in list(plan.stages.values())[::2]:
        published(store, stage, seconds=1.0, summary={})
    assert not_reused(plan, store, store.done(plan.stages.values())) == ()


def test_what_has_no_namesake_has_no_reason(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", make_plan())
    plan = make_plan(seeds=[1])
    found = not_reused(plan, store, store.done(plan.stages.values()))
    assert found == ()
    assert StoredAlike(Store(tmp_path / "none")).nearest(plan.train_stages[0]) is None
