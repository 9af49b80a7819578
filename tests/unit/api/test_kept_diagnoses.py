"""Diagnoses are kept in the store, and a report gets those of its experiment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.diagnosis_example import example_diagnoses
from tests.support.plans import make_plan
from xdomain.analysis.result import Diagnoses
from xdomain.api.kept_diagnoses import keep_diagnosis, kept_diagnoses
from xdomain.core.errors import StoreError
from xdomain.diagnosis.result import Diagnosis
from xdomain.plan.graph import Plan
from xdomain.plan.stage import CheckpointRef, PhaseStage
from xdomain.store.lease import acquire
from xdomain.store.store import Store

DOMAINS = ("logic", "puzzle")


@pytest.fixture
def plan() -> Plan:
    return make_plan(grid={"ordered_pairs": True})


@pytest.fixture
def store(tmp_path: Path, plan: Plan) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    for stage in plan.phase_stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        store.work(stage, lease).mkdir(exist_ok=True)
        assert store.publish(stage, lease, {"summary": {}, "seconds": 1.0})
        lease.release()
    return store


def diagnosis_of(stages: tuple[PhaseStage, ...], domains: tuple[str, ...] = DOMAINS) -> Diagnosis:
    """Return a diagnosis of stages that is made up, each with an effect on every domain."""
    found = example_diagnoses([str(stage.run) for stage in stages], domains)
    effects = tuple(effect for stage in found.stages for effect in stage.effects)
    return Diagnosis(tuple(stage.edits for stage in found.stages), found.overlaps, effects)


def keep(store: Store, stages: tuple[PhaseStage, ...], found: Diagnosis) -> None:
    keep_diagnosis(store, [stage.end for stage in stages], found)


def test_a_report_gets_what_was_stored_in_plan_order(plan: Plan, store: Store) -> None:
    stages = plan.phase_stages[::-1]
    found = diagnosis_of(stages)
    keep(store, stages, found)
    kept = kept_diagnoses(plan, store)
    assert [(each.run, each.seed) for each in kept.stages] == [(str(each.run), 0) for each in plan.phase_stages]
    assert [each.edits for each in kept.stages] == list(found.edits[::-1])
    assert {effect for stage in kept.stages for effect in stage.effects} == set(found.effects)
    assert set(kept.overlaps) == set(found.pairs)
    assert len(kept.overlaps) == 6


def test_stages_of_one_title_keep_their_own_effects(plan: Plan, store: Store) -> None:
    stages = plan.phase_stages[:2]
    found = diagnosis_of(stages)
    same = replace(found, effects=tuple(replace(effect, stage="the same") for effect in found.effects))
    keep(store, stages, same)
    assert [effect for stage in kept_diagnoses(plan, store).stages for effect in stage.effects] == list(same.effects)


def test_pairs_with_stages_of_other_experiments_are_left_out(plan: Plan, store: Store) -> None:
    stages = plan.phase_stages[:3]
    keep(store, stages, diagnosis_of(stages))
    part = replace(plan, stages={stage.key: stage for stage in stages[:2]})
    kept = kept_diagnoses(part, store)
    assert len(kept.stages) == 2
    assert len(kept.overlaps) == 1


def test_domains_of_another_experiment_are_left_out(plan: Plan, store: Store) -> None:
    stages = plan.phase_stages[:1]
    keep(store, stages, diagnosis_of(stages, ("logic", "law")))
    assert [effect.domain for effect in kept_diagnoses(plan, store).stages[0].effects] == ["logic"]


def test_other_steps_are_not_in_the_report(plan: Plan, store: Store) -> None:
    stage = plan.phase_stages[0]
    keep_diagnosis(store, [CheckpointRef(stage.key, 5)], diagnosis_of((stage,)))
    assert kept_diagnoses(plan, store) == Diagnoses()


def test_a_corrupt_diagnosis_is_named(plan: Plan, store: Store) -> None:
    stage = plan.phase_stages[0]
    keep(store, (stage,), diagnosis_of((stage,)))
    (path,) = (store.root / "diagnoses" / stage.folder).iterdir()
    path.write_text("{}")
    with pytest.raises(StoreError, match="run `xdomain diagnose` again"):
        kept_diagnoses(plan, store)
