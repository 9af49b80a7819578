"""Stages that predictors read: the single runs, their sums, and evaluations on dev items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import made_up_identities, make_plan
from xdomain.core.errors import PlanError
from xdomain.plan.prediction_inputs import PredictionInputs, prediction_inputs
from xdomain.plan.stage import EvaluateStage, MergeStage

ALL = ["first_order_transfer", "prompt_similarity", "additive_merge"]


def inputs(predictors: list[str], **changes: Any) -> PredictionInputs:
    plan = make_plan(analysis={"predictors": predictors}, **changes)
    found = prediction_inputs(plan, made_up_identities(plan.experiment))
    assert found is not None
    return found


def test_no_predictor_reads_an_evaluation_of_the_report() -> None:
    plan = make_plan(analysis={"predictors": ALL}, seeds=[0, 1])
    found = prediction_inputs(plan, made_up_identities(plan.experiment))
    assert found is not None
    evaluations = [stage for stage in found.graph.stages.values() if isinstance(stage, EvaluateStage)]
    assert {stage.split for stage in evaluations} == {"dev"}
    assert not found.graph.stages.keys() & {stage.key for stage in plan.evaluations}


def test_only_single_runs_are_trained_and_they_are_those_of_the_plan() -> None:
    plan = make_plan(analysis={"predictors": ALL}, seeds=[0, 1])
    found = prediction_inputs(plan, made_up_identities(plan.experiment))
    assert found is not None
    assert [stage.title for stage in found.graph.train_stages] == [
        "logic, seed 0", "puzzle, seed 0", "logic, seed 1", "puzzle, seed 1",
    ]  # fmt: skip
    assert all(plan.stages[stage.key] is stage for stage in found.graph.train_stages)


def test_a_sum_has_both_changes_in_full_and_is_evaluated_on_both_domains() -> None:
    found = inputs(ALL)
    (merge,) = (stage for stage in found.graph.stages.values() if isinstance(stage, MergeStage))
    assert (merge.title, merge.weights, merge.method) == ("merge(logic, puzzle), seed 0", (1.0, 1.0), "linear")
    assert {key: (each.checkpoint, each.domain) for key, each in found.merged.items()} == {
        ("logic", "puzzle", 0): (merge.end, "logic"),
        ("puzzle", "logic", 0): (merge.end, "puzzle"),
    }
    assert [each.domain for each in found.own.values()] == ["logic", "puzzle"]


def test_sums_are_made_only_for_the_additive_merge() -> None:
    found = inputs(["prompt_similarity"])
    assert not found.merged
    assert not any(isinstance(stage, MergeStage) for stage in found.graph.stages.values())
    assert {each.title for each in found.base.values()} == {"base on logic, dev items", "base on puzzle, dev items"}


def test_stages_come_after_what_they_need() -> None:
    found = inputs(ALL)
    places = {key: place for place, key in enumerate(found.graph.stages)}
    assert all(places[need] < places[key] for key, stage in found.graph.stages.items() for need in stage.needs)


def test_without_predictors_nothing_is_read() -> None:
    plan = make_plan()
    assert prediction_inputs(plan, made_up_identities(plan.experiment)) is None


def test_a_plan_without_predictable_cells_is_refused() -> None:
    with pytest.raises(PlanError, match=r"analysis\.predictors: nothing can be predicted"):
        inputs(ALL, grid={"mixed_pairs": True})


def test_predictors_need_a_report_on_other_items() -> None:
    with pytest.raises(PlanError, match=r"the report is measured on dev items too\. Set evaluation\.split: test"):
        inputs(ALL, evaluation={"items": 10, "split": "dev"})
