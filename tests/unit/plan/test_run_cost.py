"""Total and marginal cost of runs, over several parents."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.config.curriculum import parse_curriculum
from xdomain.plan.graph import Plan
from xdomain.plan.measurement import Effort
from xdomain.plan.run_cost import CostOfRun, costs_of_runs, own_stages, planned_effort
from xdomain.plan.stage import MergeStage

CURRICULA = [
    "logic", "puzzle", "logic -> puzzle", "logic + puzzle", "merge(logic, puzzle)", "merge(logic, logic -> puzzle)",
    "merge(logic, puzzle) -> logic@4",
]  # fmt: skip


def costs(plan: Plan) -> dict[str, CostOfRun]:
    efforts = {
        stage.key: planned_effort(stage, plan.experiment, tokens=100 * stage.steps, seconds=1.0)
        for stage in plan.phase_stages
    }
    return {str(cost.run.id): cost for cost in costs_of_runs(plan, efforts)}


@pytest.fixture(scope="module")
def found() -> dict[str, CostOfRun]:
    return costs(make_plan(grid={}, curricula=CURRICULA))


@pytest.mark.parametrize(
    ("run", "total", "marginal"),
    [
        ("logic", 10, 0),
        ("logic -> puzzle", 20, 0),
        ("logic + puzzle", 10, 10),
        ("merge(logic, puzzle)", 20, 0),
        ("merge(logic, logic -> puzzle)", 20, 0),
        ("merge(logic, puzzle) -> logic@4", 24, 4),
    ],
)
def test_shared_stages_count_once(found: dict[str, CostOfRun], run: str, total: int, marginal: int) -> None:
    cost = found[run]
    assert (cost.total.steps, cost.marginal.steps) == (total, marginal)
    assert (cost.total.completion_tokens, cost.marginal.completion_tokens) == (100 * total, 100 * marginal)
    assert (cost.total.prompts, cost.marginal.prompts) == (4 * total, 4 * marginal)
    assert (cost.total.taught_tokens, cost.total.teacher_passes) == (0, 0)


def test_seconds_are_those_of_all_stages(found: dict[str, CostOfRun]) -> None:
    assert found["merge(logic, puzzle) -> logic@4"].total.seconds == 4.0
    assert found["merge(logic, puzzle) -> logic@4"].marginal.seconds == 1.0


def test_marginal_costs_are_what_the_grid_would_save() -> None:
    whole = make_plan(grid={}, curricula=CURRICULA)
    all_steps = sum(stage.steps for stage in whole.phase_stages)
    for place, text in enumerate(CURRICULA):
        without = make_plan(grid={}, curricula=CURRICULA[:place] + CURRICULA[place + 1 :])
        saved = all_steps - sum(stage.steps for stage in without.phase_stages)
        run = str(parse_curriculum(text))
        assert costs(whole)[run].marginal.steps == saved, run


def test_the_mixture_of_equal_steps_is_named(found: dict[str, CostOfRun]) -> None:
    assert str(found["merge(logic, puzzle) -> logic@4"].mixture) == "logic + puzzle@24"
    assert found["logic"].mixture is None
    assert found["logic + puzzle"].mixture is None
    whole = make_plan(
        grid={}, curricula=["merge(logic, puzzle) -> logic@4"],
        training={"steps": 10, "prompts_per_step": 4, "generations": 2, "updates_per_rollout": 2},
    )  # fmt: skip
    assert str(costs(whole)["merge(logic, puzzle) -> logic@4"].mixture) == "logic + puzzle@24"
    total = {"steps": 10, "prompts_per_step": 4, "generations": 2, "budget": "total"}
    assert costs(make_plan(training=total))["logic -> puzzle"].mixture is None


def test_runs_of_several_seeds_are_counted_apart() -> None:
    plan = make_plan(grid={}, curricula=["logic", "logic -> puzzle"], seeds=[0, 1])
    own = own_stages(plan)
    assert {key[1] for key in own} == {0, 1}
    assert all(len(keys) == (str(run) == "logic -> puzzle") for (run, _), keys in own.items())


def test_unknown_amounts_stay_unknown() -> None:
    plan = make_plan(grid={}, curricula=["logic -> puzzle"])
    efforts = {stage.key: planned_effort(stage, plan.experiment, None, None) for stage in plan.phase_stages}
    (cost,) = costs_of_runs(plan, efforts)
    assert cost.total == Effort(20, 80, None, None, None, None)


def test_a_merge_spends_time_only() -> None:
    plan = make_plan(grid={}, curricula=["merge(logic, puzzle)"])
    (merge,) = (stage for stage in plan.phase_stages if isinstance(stage, MergeStage))
    spent = planned_effort(merge, plan.experiment, 100, 2.0)
    assert (spent.steps, spent.completion_tokens, spent.seconds) == (0, 0, 2.0)


def test_a_distillation_rests_on_its_teachers_who_read_every_pass() -> None:
    plan = make_plan(
        grid={}, curricula=["logic", "distill(logic, puzzle)@8"],
        training={"steps": 10, "prompts_per_step": 4, "generations": 2, "epochs_per_rollout": 2},
    )  # fmt: skip
    found = costs(plan)["distill(logic, puzzle)@8"]
    assert (found.total.steps, found.marginal.steps) == (28, 18)
    assert (found.total.teacher_passes, found.total.taught_tokens) == (32, 1600)
