"""What a store knows of merges: cost, prompts of all inputs, garbage, and merges of trainings under other verifiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plans import make_experiment
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.parquet import write_records
from xdomain.domains.base import Item
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import MergeStage, StageSpec, TrainStage
from xdomain.store.experiments import note_experiment
from xdomain.store.garbage import find_garbage
from xdomain.store.lease import acquire
from xdomain.store.lineage import Lineage
from xdomain.store.query import measured_grid
from xdomain.store.store import Store
from xdomain.store.trained_before import as_trained

CURRICULUM = "merge(logic -> logic, 0.5*(logic -> puzzle), method=ties) -> puzzle@4"
SPENT = {"prompts": 8, "completion_tokens": 64, "informative_groups": 3, "training_seconds": 2.0}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def merged_plan(verifier: str = "v1") -> Plan:
    names = ("logic", "puzzle")
    return build_plan(
        make_experiment(grid={}, curricula=[CURRICULUM], checkpoints={"keep": "none"}),
        Identities(
            model={"preset": "tiny_qwen3"},
            items={name: {"data": name} for name in names},
            verifiers={name: {"scorer": f"{name}/{verifier}"} for name in names},
            rewards={name: {"shape": name} for name in names},
        ),
    )


def publish(store: Store, plan: Plan, stages: list[StageSpec]) -> None:
    """Publish stages. A training stage draws one prompt per step and domain, which is named after the stage."""
    note_experiment(store, plan)
    for stage in stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        work = store.work(stage, lease)
        work.mkdir(parents=True)
        write_records(work / "records.parquet", [])
        spent = {}
        if isinstance(stage, TrainStage):
            item = Item(id=stage.title, prompt=stage.title, gold="1")
            (work / SCHEDULE).write_text(schedule_line(stage.phase.domains[0], 0, item) + "\n")
            spent = SPENT
        if isinstance(stage, TrainStage | MergeStage):
            checkpoint_folder(work, stage.end.step).mkdir(parents=True)
            (checkpoint_folder(work, stage.end.step) / "weights").write_text("w")
        summary = {"steps": getattr(stage, "steps", 0), "seconds": 0.5, **spent}
        assert store.publish(stage, lease, {"summary": summary, "seconds": 1.0, "finished": 0.0})
        lease.release()


def test_the_effort_of_a_merge_counts_each_stage_below_it_once(store: Store) -> None:
    plan = merged_plan()
    publish(store, plan, list(plan.stages.values()))
    places = {str(each.run): each for each in measured_grid(plan, store, chance={}, description={}).checkpoints}
    merge = "merge(logic -> logic, 0.5*(logic -> puzzle), method=ties)"
    assert places["logic -> puzzle"].effort.steps == 20
    assert (places[merge].effort.steps, places[merge].effort.prompts) == (30, 24)  # logic is shared
    assert places[merge].effort.seconds == pytest.approx(6.5)
    assert places[f"{merge} -> puzzle@4"].effort.steps == 34
    assert places[f"{merge} -> puzzle@4"].parent == places[merge].run


def test_the_prompts_of_all_inputs_are_known(store: Store) -> None:
    plan = merged_plan()
    publish(store, plan, list(plan.stages.values()))
    last = plan.train_stages[-1]
    found = Lineage(store).trained_on(last.end)
    assert {name: len(keys) for name, keys in found.items()} == {"logic": 2, "puzzle": 2}
    chain = next(stage for stage in plan.train_stages if str(stage.run) == "logic -> puzzle")
    assert {name: len(keys) for name, keys in Lineage(store).trained_on(chain.end).items()} == {"logic": 1, "puzzle": 1}


def test_inputs_stay_until_the_merge_is_made(store: Store) -> None:
    plan = merged_plan()
    inputs = [stage for stage in plan.stages.values() if not isinstance(stage, MergeStage)]
    merge = next(stage for stage in plan.stages.values() if isinstance(stage, MergeStage))
    later = [stage for stage in inputs if merge.key in stage.needs]
    publish(store, plan, [stage for stage in inputs if stage not in later])
    read = {store.folder(plan.stages[ref.stage]).name for ref in merge.inputs}
    kept = read - {path.parents[1].name for path in find_garbage(store, [plan]).checkpoints}
    assert kept == read
    publish(store, plan, [merge, *later])
    gone = {path.parents[1].name for path in find_garbage(store, [plan]).checkpoints}
    assert gone == {stage.folder for stage in plan.phase_stages}, "keep: none"


def test_a_merge_of_trainings_under_another_verifier_is_found(store: Store) -> None:
    earlier, now = merged_plan("v1"), merged_plan("v2")
    publish(store, earlier, list(earlier.stages.values()))
    found, stored = as_trained(now, store)
    assert {stage.key for stage in found.phase_stages} == {stage.key for stage in earlier.phase_stages}
    assert stored.keys() == {stage.key for stage in earlier.phase_stages}
    last = next(stage for stage in found.evaluations if stage.checkpoint == earlier.train_stages[-1].end)
    assert last.trained_under == {"puzzle": ["puzzle/v1"], "logic": ["logic/v1"]}


def test_a_merge_without_its_record_leaves_out_what_continues_it(store: Store) -> None:
    earlier, now = merged_plan("v1"), merged_plan("v2")
    merge = next(stage for stage in earlier.stages.values() if isinstance(stage, MergeStage))
    below = [stage for stage in earlier.stages.values() if stage.key != merge.key and merge.key not in stage.needs]
    publish(store, earlier, below)
    found, _ = as_trained(now, store)
    assert {str(stage.run) for stage in found.phase_stages} == {"logic", "logic -> logic", "logic -> puzzle"}
    assert found.runs == ()
