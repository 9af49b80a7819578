"""Published evaluations that another can reuse completions of."""

from __future__ import annotations

from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.plan.stage import EvaluateStage
from xdomain.store.lenders import DrawnAlike, as_lender, is_sound
from xdomain.store.store import Store


def of_items(items: int) -> EvaluateStage:
    return make_plan(evaluation={"items": items}).evaluations[0]


def test_only_what_was_drawn_alike_is_lent(store: Store) -> None:
    wanted = of_items(20)
    assert DrawnAlike(store).lenders(wanted) == []
    published(store, of_items(10), summary={})
    published(store, make_plan(evaluation={"items": 10, "temperature": 0.5}).evaluations[0], summary={})
    published(store, make_plan(evaluation={"items": 10}).evaluations[1], summary={})
    (found,) = DrawnAlike(store).lenders(wanted)
    assert found.key == of_items(10).key
    lender = as_lender(found, wanted)
    assert (lender.key, lender.judged_alike) == (found.key, True)
    assert lender.records.parent == found.path


def test_a_stage_does_not_lend_to_itself(store: Store) -> None:
    published(store, of_items(10), summary={})
    assert DrawnAlike(store).lenders(of_items(10)) == []
    assert [found.key for found in DrawnAlike(store).of(of_items(10).payload)] == [of_items(10).key]


def test_damage_is_seen_before_anything_is_lent(store: Store) -> None:
    folder = published(store, of_items(10), summary={})
    (found,) = DrawnAlike(store).lenders(of_items(20))
    assert is_sound(found)
    (folder / "stage.json").write_text((folder / "stage.json").read_text() + " ")
    assert not is_sound(found)
