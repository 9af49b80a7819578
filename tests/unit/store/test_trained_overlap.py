"""Evaluated items that a checkpoint in the store was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.plans import make_experiment
from xdomain.core.errors import DataError
from xdomain.domains.base import Item
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.stage import EvaluateStage
from xdomain.resolve.identities import resolve_identities
from xdomain.store.lease import acquire
from xdomain.store.store import Store
from xdomain.store.trained_overlap import evaluated_items, find_trained_overlaps, refuse_trained_overlaps


@pytest.fixture(scope="module")
def plan() -> Plan:
    experiment = make_experiment()
    return build_plan(experiment, resolve_identities(experiment))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def publish_base(plan: Plan, store: Store, trained: list[Item]) -> None:
    """The base, whose warm-up trained on items as if they were train items of the domain "puzzle"."""
    lease = acquire(store.lease_path(plan.base))
    assert lease is not None
    store.work(plan.base, lease).mkdir(parents=True)
    lines = [schedule_line("puzzle", index, item) for index, item in enumerate(trained)]
    (store.work(plan.base, lease) / SCHEDULE).write_text("\n".join(lines) + "\n")
    assert store.publish(plan.base, lease, {"summary": {}})
    lease.release()


def test_a_store_without_the_checkpoint_has_no_overlap(plan: Plan, store: Store) -> None:
    assert find_trained_overlaps(plan, store, finished=True) == []


def test_trained_items_are_counted_and_named(plan: Plan, store: Store) -> None:
    items = evaluated_items(of_logic(plan))
    assert len(items) == plan.experiment.evaluation.items
    publish_base(plan, store, items[2:6])
    (overlap,) = find_trained_overlaps(plan, store, finished=False)
    assert (overlap.tested, overlap.trained, overlap.shared, overlap.items) == ("logic", "puzzle", 4, len(items))
    assert overlap.examples == tuple(item.id for item in items[2:5])
    assert f'4 of {len(items)} evaluated items of "logic"' in overlap.sentence()
    with pytest.raises(DataError, match="are prompts that") as refused:
        refuse_trained_overlaps(plan, store, finished=False, fix="Evaluate others.")
    assert (refused.value.where, refused.value.fix) == ("domains.logic", "Evaluate others.")


def test_items_that_were_not_trained_on_pass(plan: Plan, store: Store) -> None:
    stage = of_logic(plan)
    evaluated = {item.id for item in evaluated_items(stage)}
    larger = stage.settings.model_copy(update={"items": 3 * stage.settings.items})
    others = evaluated_items(replace(stage, settings=larger))
    publish_base(plan, store, [item for item in others if item.id not in evaluated])
    assert find_trained_overlaps(plan, store, finished=True) == []
    refuse_trained_overlaps(plan, store, finished=True, fix="")


def of_logic(plan: Plan) -> EvaluateStage:
    return next(stage for stage in plan.evaluations if stage.domain == "logic")
