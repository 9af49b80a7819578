"""Which stored completions are judged again."""

from __future__ import annotations

import pytest

from tests.support.plans import make_experiment
from tests.support.published import published
from xdomain.core.errors import PlanError, StoreError
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.store.experiments import note_experiment
from xdomain.store.rescoring import plan_rescoring
from xdomain.store.store import Store

NAMES = ("logic", "puzzle")


def judged_by(verifier: str, data: str = "d") -> Plan:
    """The plan of an experiment that judges logic by `verifier`, and reads its items from `data`."""
    experiment = make_experiment(grid={"singles": True}, model={"preset": "tiny_qwen3"})
    return build_plan(
        experiment,
        Identities(
            model={"preset": "tiny_qwen3"},
            items={"logic": {"data": data}, "puzzle": {"data": "p"}},
            verifiers={"logic": {"scorer": verifier}, "puzzle": {"scorer": "p"}},
            rewards={name: {"shape": name} for name in NAMES},
        ),
    )


def run(store: Store, plan: Plan) -> None:
    note_experiment(store, plan)
    for stage in plan.stages.values():
        published(store, stage, summary={"items": 10, "samples": 1}, seconds=1.0, finished=1.0)
        store.lease_path(stage).unlink(missing_ok=True)


def test_only_what_another_verifier_judged_is_left_to_do(store: Store) -> None:
    before, now = judged_by("v1"), judged_by("v2")
    run(store, before)
    found = plan_rescoring(now, store)
    assert len(found.pairs) == len(now.evaluations)
    assert {stage.domain for stage in found.todo.stages.values()} == {"logic"}  # type: ignore[union-attr]
    changed = {pair for pair in found.pairs if pair[0] != pair[1]}
    assert {new for _, new in changed} == found.todo.stages.keys()
    assert {old for old, _ in changed} <= {stage.key for stage in before.evaluations}
    assert found.absent == ()


def test_nothing_is_left_to_do_with_the_same_verifiers(store: Store) -> None:
    run(store, judged_by("v1"))
    found = plan_rescoring(judged_by("v1"), store)
    assert not found.todo.stages
    assert all(old == new for old, new in found.pairs)


def test_nothing_is_ever_generated(store: Store) -> None:
    with pytest.raises(StoreError, match='no evaluation of experiment "test"'):
        plan_rescoring(judged_by("v1"), store)
    run(store, judged_by("v1"))
    with pytest.raises(PlanError, match="would need generation, which rescore never does"):
        plan_rescoring(judged_by("v2", data="other"), store)
