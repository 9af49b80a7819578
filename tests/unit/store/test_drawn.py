"""The index of evaluations by how their completions were drawn."""

from __future__ import annotations

from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.plan.borrowing import draw_key
from xdomain.store.drawn import DRAWN, drawn_name, forget_drawn, index_evaluations
from xdomain.store.store import Store


def test_published_evaluations_are_indexed_and_forgotten(store: Store) -> None:
    first, second = make_plan().evaluations[:2]
    for stage in (first, second):
        published(store, stage, summary={})
    names = {f"{drawn_name(draw_key(stage.payload))}-{stage.folder}" for stage in (first, second)}
    assert store.names(DRAWN) == names
    forget_drawn(store.root, [first.folder])
    assert {name.partition("-")[2] for name in store.names(DRAWN)} == {second.folder}


def test_an_index_is_built_for_a_store_without_one(store: Store) -> None:
    plan = make_plan()
    good, torn = plan.evaluations[:2]
    for stage in (plan.base, good, torn):
        published(store, stage, summary={})
    (store.folder(torn) / "stage.json").write_text("{")
    forget_drawn(store.root, [good.folder, torn.folder])
    assert not store.names(DRAWN)
    index_evaluations(store.root)
    assert {name.partition("-")[2] for name in store.names(DRAWN)} == {good.folder}
