"""Garbage: what is freed, what never is, and that a thinned stage still passes its digests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StoreError
from xdomain.core.files import write_json
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.schedule.run import run_plan
from xdomain.store.experiments import note_experiment, noted_experiments, rewrite_notes
from xdomain.store.garbage import find_garbage, free
from xdomain.store.lease import acquire
from xdomain.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def publish(store: Store, stages: list[StageSpec]) -> None:
    for stage in stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        for ref in stage.checkpoints if isinstance(stage, TrainStage) else ():
            folder = checkpoint_folder(store.work(stage, lease), ref.step)
            folder.mkdir(parents=True)
            (folder / "weights").write_text(f"weights of {ref.name}")
        store.work(stage, lease).mkdir(exist_ok=True)
        assert store.publish(stage, lease, {"summary": {}, "seconds": 1.0})
        lease.release()


def ends(**changes: object) -> Plan:
    return make_plan(checkpoints={"every_steps": 5, "keep": "ends"}, **changes)


def test_nothing_goes_that_an_experiment_names(store: Store) -> None:
    plan = make_plan()
    publish(store, list(plan.stages.values()))
    assert find_garbage(store, [plan]).total_bytes == 0


def test_other_stages_go_but_never_what_a_live_one_needs(store: Store) -> None:
    plan, other = make_plan(), make_plan(seeds=[1])
    publish(store, list((plan.stages | other.stages).values()))
    kept = {stage.folder for stage in plan.stages.values()}
    garbage = find_garbage(store, [plan])
    assert {path.name for path in garbage.stages} == {s.folder for s in other.stages.values()} - kept
    assert store.names("stages") >= {path.name for path in garbage.stages}, "finding deletes nothing"
    free(store, garbage)
    assert store.names("stages") == kept
    assert store.done(plan.stages.values()) == set(plan.stages)
    assert not store.names("work")


def test_diagnoses_go_with_their_stage_but_not_with_its_checkpoints(store: Store) -> None:
    plan, other = ends(), make_plan(seeds=[1])
    publish(store, list((plan.stages | other.stages).values()))
    for stage in (*plan.train_stages, *other.train_stages):
        write_json(store.root / "diagnoses" / stage.folder / "step-000010.json", {})
    free(store, find_garbage(store, [plan]))
    assert store.names("diagnoses") == {stage.folder for stage in plan.train_stages}


def test_needs_on_disk_are_kept_though_no_file_names_them(store: Store) -> None:
    plan = make_plan()
    publish(store, list(plan.stages.values()))
    only_evaluations = Plan(plan.experiment, {s.key: s for s in plan.evaluations}, plan.base, ())
    assert not find_garbage(store, [only_evaluations]).stages


def test_records_of_what_is_kept_stay(store: Store) -> None:
    """Those of `xdomain eval`, and of an earlier version of the file."""
    plan, earlier, other = make_plan(), make_plan(evaluation={"items": 7}), make_plan(seeds=[1])
    publish(store, list((plan.stages | earlier.stages | other.stages).values()))
    gone = {path.name for path in find_garbage(store, [plan]).stages}
    assert gone == {stage.folder for key, stage in other.stages.items() if key not in plan.stages}


def test_inner_checkpoints_go_once_every_evaluation_is_published(store: Store) -> None:
    plan = ends()
    publish(store, [plan.base, *plan.train_stages])
    assert not find_garbage(store, [plan]).checkpoints
    publish(store, list(plan.evaluations))
    garbage = find_garbage(store, [plan])
    assert len(garbage.checkpoints) == len(plan.train_stages)
    assert garbage.checkpoint_bytes > 0
    free(store, garbage)
    for stage in plan.train_stages:
        store.open_artifact(stage)
        assert checkpoint_folder(store.folder(stage), 10).is_dir()
        assert not checkpoint_folder(store.folder(stage), 5).exists()
    assert find_garbage(store, [plan]).total_bytes == 0


def test_an_experiment_that_keeps_all_or_has_open_evaluations_protects_them(store: Store) -> None:
    plan = ends()
    publish(store, list(plan.stages.values()))
    keeps = make_plan(checkpoints={"every_steps": 5, "keep": "all"})
    assert not find_garbage(store, [plan, keeps]).checkpoints
    wider = ends(evaluation={"items": 11})
    assert not find_garbage(store, [plan, wider]).checkpoints


def test_killed_between_manifest_and_deletion(store: Store) -> None:
    plan = ends()
    publish(store, list(plan.stages.values()))
    stage = plan.train_stages[0]
    manifest = store.folder(stage) / "manifest.json"
    names = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({name: digest for name, digest in names.items() if "step-000005" not in name}))
    store.open_artifact(stage)
    free(store, find_garbage(store, [plan]))
    assert not checkpoint_folder(store.folder(stage), 5).exists()


def test_a_running_stage_of_an_unnamed_experiment_stops_it(store: Store) -> None:
    stranger = make_plan(seeds=[7]).train_stages[0]
    lease = acquire(store.lease_path(stranger))
    assert lease is not None
    with pytest.raises(StoreError, match="belongs to none of these experiments"):
        find_garbage(store, [make_plan()])
    lease.release()


def test_leftovers_go_but_not_work_that_a_run_will_resume(store: Store) -> None:
    plan, other = make_plan(), make_plan(seeds=[1])
    mine, theirs = plan.train_stages[0], other.train_stages[0]
    for stage in (mine, theirs):
        store.scratch(stage).mkdir()
        (store.scratch(stage) / "state").write_text("x" * 100)
    garbage = find_garbage(store, [plan])
    assert [path.name for path in garbage.leftovers] == [theirs.folder]
    assert garbage.leftover_bytes == 100
    free(store, garbage)
    assert store.scratch(mine).is_dir()


def test_keep_none_frees_ends_that_nobody_continues(store: Store) -> None:
    plan = make_plan(checkpoints={"every_steps": 5, "keep": "none"})
    publish(store, [stage for stage in plan.stages.values() if stage is not plan.train_stages[1]])
    parents = {stage.parent.stage for stage in plan.train_stages if stage.key not in store.done(plan.train_stages)}
    assert parents
    free(store, find_garbage(store, [plan]))
    for stage in plan.train_stages:
        kept = checkpoint_folder(store.folder(stage), 10).is_dir()
        assert kept is (stage.key in parents)
        assert not checkpoint_folder(store.folder(stage), 5).exists()
    assert checkpoint_folder(store.folder(plan.base), 0).parent.parent.is_dir()


def test_keep_none_leaves_what_adapters_lie_on(store: Store) -> None:
    model = {"preset": "tiny_qwen3", "lora": {"r": 4}}
    plan = make_plan(checkpoints={"every_steps": 5, "keep": "none"}, model=model)
    publish(store, list(plan.stages.values()))
    free(store, find_garbage(store, [plan]))
    for stage in plan.train_stages:
        continued = any(stage.key in child.needs for child in plan.train_stages)
        assert checkpoint_folder(store.folder(stage), 10).is_dir() is continued


def test_another_experiment_that_keeps_ends_protects_them(store: Store) -> None:
    plan = make_plan(checkpoints={"every_steps": 5, "keep": "none"})
    publish(store, list(plan.stages.values()))
    free(store, find_garbage(store, [plan, ends()]))
    assert all(checkpoint_folder(store.folder(stage), 10).is_dir() for stage in plan.train_stages)


def test_an_experiment_that_ran_in_the_store_lives_until_it_is_forgotten(store: Store) -> None:
    plan, other = make_plan(), make_plan(name="other", seeds=[1])
    publish(store, list((plan.stages | other.stages).values()))
    for each in (plan, other):
        run_plan(each, store, None, lambda _: None, lambda _: None)
    assert find_garbage(store, [plan]).total_bytes == 0
    garbage = find_garbage(store, [plan], ["other"])
    own = {stage.folder for key, stage in other.stages.items() if key not in plan.stages}
    assert {path.name for path in garbage.stages} == own
    assert (garbage.experiments, garbage.unnoted) == ({"other": len(own)}, 0)
    free(store, garbage)
    rewrite_notes(store, [plan], ["other"])
    assert {name: set(stages) for name, stages in noted_experiments(store).items()} == {
        plan.experiment.name: set(plan.stages)
    }
    with pytest.raises(StoreError, match=r'no experiment "other" is noted'):
        find_garbage(store, [plan], ["other"])


def test_of_a_named_experiment_only_what_its_file_names_now_stays(store: Store) -> None:
    plan, earlier = make_plan(), make_plan(seeds=[1])
    publish(store, list((plan.stages | earlier.stages).values()))
    for each in (earlier, plan):
        note_experiment(store, each)
    assert noted_experiments(store)[plan.experiment.name].keys() == (plan.stages | earlier.stages).keys()
    garbage = find_garbage(store, [plan])
    assert garbage.experiments == {plan.experiment.name: len(garbage.stages)}
    assert garbage.stages


def test_stages_that_no_run_noted_are_counted(store: Store) -> None:
    plan, other = make_plan(), make_plan(name="other", seeds=[1])
    publish(store, list((plan.stages | other.stages).values()))
    garbage = find_garbage(store, [plan])
    assert garbage.unnoted == len(garbage.stages) > 0


def test_checkpoints_of_another_living_experiment_stay(store: Store) -> None:
    plan = ends()
    publish(store, list(plan.stages.values()))
    note_experiment(store, make_plan(name="other", checkpoints={"every_steps": 5, "keep": "all"}))
    assert not find_garbage(store, [plan]).checkpoints


def test_a_damaged_note_frees_nothing(store: Store) -> None:
    plan = make_plan()
    note_experiment(store, plan)
    (store.root / "experiments" / f"{plan.experiment.name}.json").write_text("[")
    with pytest.raises(StoreError, match="stages that its experiment needs"):
        find_garbage(store, [plan])
