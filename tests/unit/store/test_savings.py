"""Completions that a plan need not generate."""

from __future__ import annotations

from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.plan.stage import EvaluateStage
from xdomain.store.savings import expected_savings
from xdomain.store.store import Store


def of_items(items: int) -> EvaluateStage:
    return make_plan(evaluation={"items": items}).evaluations[0]


def test_savings_count_what_both_have(store: Store) -> None:
    plan = make_plan(evaluation={"items": 20})
    nothing = expected_savings(plan, store, ())
    assert (nothing.completions, nothing.completion_tokens, nothing.refused) == ({}, 0, ())
    published(store, of_items(10), summary={"items": 10, "samples": 1, "completion_tokens": 300})
    found = expected_savings(plan, store, ())
    assert found.completions == {of_items(20).key: 10}
    assert found.completion_tokens == 300
    assert expected_savings(plan, store, {of_items(20).key}).completions == {}


def test_savings_of_unknown_length(store: Store) -> None:
    published(store, of_items(10), summary={"items": 10, "samples": 1})
    assert expected_savings(make_plan(evaluation={"items": 20}), store, ()).completion_tokens is None
