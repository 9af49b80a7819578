"""Cost of each run in `grid plan`."""

from __future__ import annotations

import json
from pathlib import Path

from xdomain.api.planning import Forecast
from xdomain.api.run_costs import COST_COLUMNS, compares_ways, cost_rows
from xdomain.api.session import Session, open_experiment

SMOKE = Path(__file__).parents[3] / "experiments" / "smoke.yaml"
SETTINGS = [
    "curricula=['merge(math, logic)', 'merge(math, logic) -> math@4']", "grid.singles=true", "training.steps=8",
    "training.prompts_per_step=4", "training.generations=2", "training.max_completion_tokens=10",
]  # fmt: skip


def test_costs_are_estimated_before_the_run(tmp_path: Path) -> None:
    planned = open_experiment(SMOKE, store=tmp_path / "s", settings=SETTINGS, seeds=[0, 1])
    forecast = Forecast(planned.plan, planned.store)
    runs = json.loads(json.dumps(forecast.document()))["runs"]
    costs = {(run["curriculum"], run["seed"]): run["cost"] for run in runs}
    merge = costs["merge(logic, math)", 1]
    assert merge["total"] == {
        "steps": 16, "prompts": 64, "completion_tokens": 16 * 4 * 2 * 10, "taught_tokens": 0, "teacher_passes": 0,
        "seconds": None,
    }  # fmt: skip
    assert merge["marginal"]["steps"] == 0
    assert not merge["measured"]
    assert costs["merge(logic, math) -> math@4", 0]["total"]["steps"] == 20
    assert costs["merge(logic, math) -> math@4", 0]["equal_mixture"] == "logic + math@20"
    assert compares_ways(planned.plan)


def test_rows_show_each_run_once_with_what_it_adds(tmp_path: Path) -> None:
    planned = open_experiment(SMOKE, store=tmp_path / "s", settings=SETTINGS, seeds=[0, 1])
    rows = {row[0]: row for row in cost_rows(Forecast(planned.plan, planned.store).run_costs)}
    assert {len(row) for row in rows.values()} == {len(COST_COLUMNS)}
    assert len(rows) == len({run.id for run in planned.plan.runs})
    assert rows["merge(logic, math)"][1:3] == ("16 (+0)", "64 (+0)")
    assert rows["merge(logic, math) -> math@4"][-1] == "logic + math@20"


def test_the_shipped_comparison_has_mixtures_of_equal_cost(tmp_path: Path) -> None:
    planned = open_experiment(SMOKE.with_name("ways-to-combine.yaml"), store=tmp_path / "s")
    runs = Forecast(planned.plan, planned.store).run_costs
    costs = {(str(cost.run.id), cost.run.seed): cost for cost in runs}
    own = {str(cost.run.id.curriculum) for cost in runs if cost.run.id.is_mixture and cost.run.id.sets_steps}
    combined = [cost for cost in runs if cost.run.id.is_sequence or str(cost.run.id).startswith("merge(")]
    assert {str(cost.mixture) for cost in combined} == own
    for cost in combined:
        mixture = costs[str(cost.mixture), cost.run.seed]
        assert mixture.total.steps == cost.total.steps
        assert mixture.total.completion_tokens == cost.total.completion_tokens
    for cost in runs:
        if str(cost.run.id).startswith("distill("):
            names = len(cost.run.id.domains)
            assert (cost.total.steps, cost.marginal.steps) == (30 * names + 30, 30)
            assert cost.marginal.teacher_passes == 30 * 8


def test_costs_are_measured_after_the_run(smoke: Session) -> None:
    forecast = Forecast(smoke.plan, smoke.store)
    for cost, run in zip(forecast.run_costs, forecast.document()["runs"], strict=True):
        stages = [smoke.store.result(smoke.plan.stages[key])["summary"] for key in cost.run.stages]
        assert cost.total.completion_tokens == sum(summary["completion_tokens"] for summary in stages)
        assert cost.total.seconds is not None
        assert run["cost"]["measured"]
    assert not compares_ways(smoke.plan)
