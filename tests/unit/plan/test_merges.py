"""Merges in a plan: their inputs, what they share, and the phases after them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.config.run_id import BASE_RUN
from xdomain.plan.graph import Plan
from xdomain.plan.merges import phases_below
from xdomain.plan.stage import MergeStage, PhaseStage, TrainStage


def phase(plan: Plan, label: str, seed: int = 0) -> PhaseStage:
    return next(stage for stage in plan.phase_stages if str(stage.run) == label and stage.seed == seed)


def merge(plan: Plan, label: str, seed: int = 0) -> MergeStage:
    found = phase(plan, label, seed)
    assert isinstance(found, MergeStage)
    return found


def merges(*curricula: str, **changes: Any) -> Plan:
    return make_plan(**{"grid": {}, "curricula": curricula, **changes})


def test_a_merge_reads_the_ends_of_its_arguments_and_the_base() -> None:
    plan = merges("merge(0.7*(logic -> puzzle), puzzle, method=ties, density=0.5)", seeds=[0, 1])
    for seed in (0, 1):
        chain, single = (phase(plan, label, seed) for label in ("logic -> puzzle", "puzzle"))
        found = merge(plan, "merge(0.7*(logic -> puzzle), puzzle, method=ties, density=0.5)", seed)
        assert found.inputs == (chain.end, single.end)
        assert (found.weights, found.method, found.density) == ((0.7, 1.0), "ties", 0.5)
        assert found.needs == (chain.key, single.key, plan.base.key)
        assert found.checkpoints_read == (chain.end, single.end, plan.base.end)
        assert (found.parent_run, found.steps, found.end.step) == (BASE_RUN, 0, 0)
        assert [stage.domain for stage in plan.evaluations if stage.checkpoint == found.end] == ["logic", "puzzle"]
    assert plan.runs[0].stages[-1] == merge(plan, str(plan.runs[0].id)).key
    assert list(plan.stages).index(plan.runs[0].stages[-1]) > max(
        map(list(plan.stages).index, plan.runs[0].stages[:-1])
    )


def test_arguments_are_the_grids_own_runs() -> None:
    plan = merges("merge(puzzle, logic)", grid={"singles": True})
    assert len(plan.train_stages) == 2
    assert merges("merge(logic, puzzle)").stages.keys() == plan.stages.keys()


def test_later_phases_continue_the_merge_and_its_queues() -> None:
    plan = merges("merge(logic -> logic, merge(logic, puzzle)) -> logic@20")
    last = phase(plan, "merge(logic -> logic, merge(logic, puzzle)) -> logic@20")
    assert isinstance(last, TrainStage)
    merged = merge(plan, "merge(logic -> logic, merge(logic, puzzle))")
    assert (last.parent, last.parent_run, last.phase_index) == (merged.end, merged.run, 1)
    assert last.offsets == {"logic": 80}  # two phases of 10 steps with 4 prompts; the other argument went less far
    labels = [
        "logic",
        "logic -> logic",
        "puzzle",
        "merge(logic, puzzle)",
        "merge(logic -> logic, merge(logic, puzzle))",
    ]
    assert phases_below(last, plan.stages) == tuple(phase(plan, label).end for label in labels)


def test_the_key_follows_the_inputs_the_weights_and_the_method() -> None:
    keys = {
        text: merges(text).phase_stages[-1].key
        for text in (
            "merge(logic, puzzle)",
            "merge(logic, 0.5*puzzle)",
            "merge(logic, puzzle, method=ties)",
            "merge(logic, puzzle, method=dare_ties)",
            "merge(logic, puzzle, method=ties, density=0.5)",
            "merge(logic, puzzle@20)",
        )
    }
    assert len(set(keys.values())) == len(keys)
    assert merges("merge(puzzle, 1.0*logic)").phase_stages[-1].key == keys["merge(logic, puzzle)"]
    same = merges("merge(logic, puzzle)", grid={"ordered_pairs": True}, seeds=[1, 0])
    assert merge(same, "merge(logic, puzzle)").key == keys["merge(logic, puzzle)"]


def test_a_strategy_acts_on_the_mixtures_inside_a_merge() -> None:
    plan = merges("merge(logic + puzzle, logic)", strategies=["joint", "cgpo"])
    labels = [str(run.id) for run in plan.runs]
    assert labels == ["merge(logic, logic + puzzle)", "merge(logic, logic + puzzle) [cgpo]"]
    joint, cgpo = (merge(plan, label) for label in labels)
    assert joint.inputs[0] == cgpo.inputs[0]
    assert cgpo.inputs[1] == phase(plan, "logic + puzzle [cgpo]").end
    assert cgpo.title == "merge(logic, logic + puzzle), seed 0, cgpo"


def test_under_the_budget_total_a_merge_takes_no_share_of_the_steps() -> None:
    plan = merges("merge(logic, puzzle) -> logic", training={"steps": 10, "budget": "total"})
    assert [(str(stage.run), stage.steps) for stage in plan.phase_stages] == [
        ("logic", 10), ("puzzle", 10), ("merge(logic, puzzle)", 0), ("merge(logic, puzzle) -> logic", 10),
    ]  # fmt: skip


def test_a_merge_cannot_be_declared_as_a_finished_checkpoint() -> None:
    adopted = [{"curriculum": "merge(logic, puzzle)", "checkpoints": [{"step": 1, "path": "x"}]}]
    with pytest.raises(ValueError, match="a merge or rollback has no steps"):
        merges("logic", adopted=adopted)


def test_a_scale_is_chosen_on_dev_items_of_the_merged_domains() -> None:
    found = merge(merges("merge(logic, puzzle, scale=auto)"), "merge(logic, puzzle, scale=auto)")
    assert [(each.domain, each.split, each.checkpoint) for each in found.dev] == [
        (domain, "dev", found.base) for domain in ("logic", "puzzle")
    ]
    fixed = merge(merges("merge(logic, puzzle)"), "merge(logic, puzzle)")
    assert found.payload.keys() - fixed.payload.keys() == {"choice"}
    assert found.payload["choice"]["values"] == [0.3, 0.5, 0.7, 1.0]
    other = merges("merge(logic, puzzle, scale=auto)", evaluation={"items": 7, "temperature": 1.0})
    assert merge(other, "merge(logic, puzzle, scale=auto)").key != found.key, "other dev items may choose another scale"
