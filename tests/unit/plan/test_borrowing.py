"""From which evaluations another one may take completions and verdicts."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.config.backend import BACKENDS, REPEATS_SAMPLES
from xdomain.plan.borrowing import draw_key, judged_alike, may_borrow
from xdomain.plan.graph import Plan
from xdomain.store.drawn import DRAWN
from xdomain.store.garbage import find_garbage, free
from xdomain.store.lease import acquire
from xdomain.store.lenders import DrawnAlike
from xdomain.store.savings import expected_savings
from xdomain.store.store import Store


def payload(**changes: Any) -> dict[str, Any]:
    """Of one evaluation; `changes` are dotted, with "__" for the dot."""
    found = deepcopy(dict(make_plan().evaluations[0].payload))
    for name, value in changes.items():
        *path, last = name.split("__")
        inner = found
        for part in path:
            inner = inner[part]
        inner[last] = value
    return found


ALIKE = {
    "items__count": 20,
    "items__identity": {"data": "one more row"},
    "sampling__samples": 4,
    "verifier": {"scorer": "repaired/2"},
}
OTHER = {
    "checkpoint": {"stage": "other", "step": 0},
    "items__domain": "puzzle",
    "items__split": "dev",
    "sampling__temperature": 1.0,
    "sampling__max_completion_tokens": 7,
    "sampling__backend": "vllm",
    "sampling__stop": ["\n"],
    "seed": 1,
    "version": 99,
    "threads": 2,
}


@pytest.mark.parametrize("name", ALIKE)
def test_drawn_alike(name: str) -> None:
    assert draw_key(payload(**{name: ALIKE[name]})) == draw_key(payload())


@pytest.mark.parametrize("name", OTHER)
def test_drawn_otherwise(name: str) -> None:
    assert draw_key(payload(**{name: OTHER[name]})) != draw_key(payload())


@pytest.mark.parametrize("backend", ["transformers", "vllm", "endpoint", "a-plugin"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_only_what_would_be_drawn_again_is_mixed_with_new_completions(backend: str, temperature: float) -> None:
    """A whole set of completions may be judged again, whoever drew it."""
    common = {"sampling__backend": backend, "sampling__temperature": temperature}
    stage = make_plan().evaluations[0]
    settings = stage.settings.model_copy(update={"backend": backend, "temperature": temperature})
    asked = replace(stage, settings=settings, payload=payload(**common))
    repeats = temperature == 0 or backend == "transformers"
    assert may_borrow(asked, payload(**common, verifier={"scorer": "repaired/2"}))
    assert may_borrow(asked, payload(**common, items__count=3)) is repeats
    assert may_borrow(asked, payload(**common, sampling__samples=3)) is repeats


def test_verdicts_hold_for_the_same_items_and_verifier() -> None:
    assert judged_alike(payload(), payload(items__count=3, sampling__samples=2))
    assert not judged_alike(payload(), payload(verifier={"scorer": "repaired/2"}))
    assert not judged_alike(payload(), payload(items__identity={"data": "other golds"}))


def test_backends_that_repeat_samples_exist() -> None:
    assert not REPEATS_SAMPLES - set(BACKENDS.names())


def publish(store: Store, plan: Plan, *, items: int, samples: int = 1) -> None:
    for stage in plan.evaluations:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        store.work(stage, lease).mkdir()
        summary = {"items": items, "samples": samples, "completion_tokens": 7 * items * samples}
        assert store.publish(stage, lease, {"summary": summary, "seconds": 1.0})
        lease.release()


def test_a_plan_tells_what_it_saves(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.create()
    small, large = make_plan(evaluation={"items": 10}), make_plan(evaluation={"items": 30})
    assert expected_savings(large, store, frozenset()).completions == {}
    publish(store, small, items=8)  # the split has no more
    found = expected_savings(large, store, frozenset())
    assert found.completions == dict.fromkeys([stage.key for stage in large.evaluations], 8)
    assert found.completion_tokens == 7 * 8 * len(large.evaluations)
    assert expected_savings(large, store, frozenset(large.stages)).completions == {}


def test_a_plan_tells_what_cannot_be_borrowed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.create()
    sampled = {"items": 10, "temperature": 1.0, "backend": "vllm"}
    publish(store, make_plan(evaluation=sampled), items=10)
    more = make_plan(evaluation=sampled | {"samples": 4})
    found = expected_savings(more, store, frozenset())
    assert not found.completions
    assert set(found.refused) == {stage.key for stage in more.evaluations}


def test_what_was_freed_is_found_no_more(tmp_path: Path) -> None:
    """What a live evaluation borrowed from stays, whoever asked for it."""
    store = Store(tmp_path / "store")
    store.create()
    small, large, other = make_plan(), make_plan(evaluation={"items": 30}), make_plan(seeds=[1])
    for plan in (small, large, other):
        publish_all(store, plan)
    free(store, find_garbage(store, [large]))
    alike = DrawnAlike(store)
    assert all(len(alike.of(stage.payload)) == 2 for stage in large.evaluations)
    assert {name.partition("-")[2] for name in store.names(DRAWN)} == {
        stage.folder for stage in (*small.evaluations, *large.evaluations)
    }


def publish_all(store: Store, plan: Plan) -> None:
    for stage in plan.stages.values():
        if stage.key not in store.done([stage]):
            lease = acquire(store.lease_path(stage))
            assert lease is not None
            store.work(stage, lease).mkdir()
            assert store.publish(stage, lease, {"summary": {}, "seconds": 1.0})
            lease.release()
