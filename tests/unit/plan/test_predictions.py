"""Cells of a plan that can be predicted, and the name of the record of their predictions."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.plan.predictions import Target, predictable_cells, record_name

PREDICTED = {"analysis": {"predictors": ["prompt_similarity"]}}


def test_cells_are_those_of_ordered_pairs_with_the_evaluations_of_every_seed() -> None:
    plan = make_plan(seeds=[0, 1], **PREDICTED)
    titles = {stage.key: stage.title for stage in plan.evaluations}
    found = {
        (cell.target, *cell.pair): tuple(titles[key] for key in cell.evaluations) for cell in predictable_cells(plan)
    }
    assert found == {
        (Target.TRANSFER, "logic", "puzzle"): ("logic, seed 0 step 10 on puzzle", "logic, seed 1 step 10 on puzzle"),
        (Target.TRANSFER, "puzzle", "logic"): ("puzzle, seed 0 step 10 on logic", "puzzle, seed 1 step 10 on logic"),
        (Target.RETENTION, "logic", "puzzle"): (
            "logic -> puzzle, seed 0 step 10 on logic",
            "logic -> puzzle, seed 1 step 10 on logic",
        ),
        (Target.RETENTION, "puzzle", "logic"): (
            "puzzle -> logic, seed 0 step 10 on puzzle",
            "puzzle -> logic, seed 1 step 10 on puzzle",
        ),
    }


def test_a_plan_without_single_runs_has_no_cells() -> None:
    assert predictable_cells(make_plan(grid={"mixed_pairs": True}, **PREDICTED)) == ()


def test_a_record_belongs_to_predictors_and_predicted_cells() -> None:
    name = record_name(make_plan(**PREDICTED))
    assert name.startswith("test-")
    assert name == record_name(make_plan(execution={"workers": 2}, **PREDICTED))
    others = [
        make_plan(seeds=[0, 1], **PREDICTED),
        make_plan(evaluation={"items": 11}, **PREDICTED),
        make_plan(analysis={"predictors": ["prompt_similarity", "additive_merge"]}),
    ]
    assert len({name, *map(record_name, others)}) == 4
