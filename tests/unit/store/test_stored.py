"""What published stages say of themselves."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_plan
from xdomain.plan.explain import find_stage
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageSpec
from xdomain.store.artifact import DONE
from xdomain.store.description import STAGE
from xdomain.store.durations import rates_alike
from xdomain.store.lease import acquire
from xdomain.store.store import Store
from xdomain.store.stored import read_stage


def published(root: Path, plan: Plan, *stages: StageSpec, seconds: float = 20.0) -> Store:
    store = Store(root)
    store.create()
    for stage in stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        store.work(stage, lease).mkdir()
        assert store.publish(stage, lease, {"summary": {}, "seconds": seconds})
        lease.release()
    return store


def test_a_stage_is_found_as_it_was_published(tmp_path: Path) -> None:
    plan = make_plan()
    stage = plan.train_stages[-1]
    store = published(tmp_path / "store", plan, stage)
    (found,) = store.find(f"*{stage.key[:16]}")
    assert (found.kind, found.key, found.title, found.folder) == (stage.kind, stage.key, stage.title, stage.folder)
    assert (found.payload, found.needs, found.done["seconds"]) == (stage.payload, stage.needs, 20.0)
    assert (found.path, found.is_endpoint) == (store.folder(stage), False)
    assert read_stage(found.path) == found
    assert store.result(found) == found.done, "a stored stage names itself to the store like a planned one"


def test_an_evaluation_names_its_checkpoint_as_its_plan_does(tmp_path: Path) -> None:
    plan = make_plan()
    evaluation = plan.evaluations[-1]
    store = published(tmp_path / "store", plan, plan.base, evaluation)
    (found,) = store.find(evaluation.key)
    assert found.evaluated == evaluation.evaluated == evaluation.checkpoint.name
    assert [each.evaluated for each in store.find(plan.base.key)] == [plan.base.evaluated] == [None]


def test_every_title_is_found_by_its_own_text(tmp_path: Path) -> None:
    curricula = [
        "merge(0.5*logic, 0.5*puzzle)", "merge(0.5*logic, 0.5*math, 0.5*puzzle)", "2*logic + puzzle",
        "2*logic + math + puzzle", "merge(0.7*(logic -> puzzle), math, method=ties, density=0.5) -> logic@4",
    ]  # fmt: skip
    plan = make_plan(domains=["logic", "math", "puzzle"], grid={}, curricula=curricula, seeds=[1, 11])
    store = published(tmp_path / "store", plan, *plan.phase_stages)
    for stage in plan.phase_stages:
        assert [each.key for each in store.find(stage.title)] == [stage.key]
        assert find_stage(plan, stage.title) == stage


def test_what_is_not_published_or_torn_is_not_read(tmp_path: Path) -> None:
    plan = make_plan()
    store = published(tmp_path / "store", plan, plan.base)
    folder = store.folder(plan.base)
    assert read_stage(tmp_path) is None
    (folder / STAGE).write_text("{")
    assert read_stage(folder) is None
    (folder / DONE).unlink()
    assert read_stage(folder) is None


def test_a_plan_learns_from_stages_of_another_plan(tmp_path: Path) -> None:
    """The stages of the other plan have other keys, but the same model and shape."""
    other, plan = make_plan(seeds=[7]), make_plan()
    store = published(tmp_path / "store", other, other.base, *other.train_stages, *other.evaluations)
    steps = other.train_stages[0].steps
    assert not {stage.key for stage in other.train_stages} & plan.stages.keys()
    found = rates_alike(plan, store, ("train", "evaluate"))
    assert {each.seconds for each in found["train"]} == {20.0 / (steps * 4 * 2)}, "seconds per completion"
    assert {each.seconds for each in found["evaluate"]} == {20.0}
    larger = make_plan(model={"preset": "tiny_qwen3", "dtype": "bfloat16"})
    assert rates_alike(larger, store, ("train", "evaluate")) == {}
