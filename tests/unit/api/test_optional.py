"""Optional stages in words and as JSON."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.api.optional import OptionalCost, optional_cost, optional_document, optional_in_plan

TRAINING = {"steps": 12, "prompts_per_step": 4, "generations": 2, "alarms": {"on_alarm": "refresh", "budget": 1.0}}


def test_at_most_one_refresh_per_stage_runs() -> None:
    plan = make_plan(grid={}, curricula=["logic", "puzzle"], training=TRAINING, seeds=[0, 1])
    assert optional_cost(plan) == OptionalCost(refreshes=8, evaluations=16, most_refreshes=4, most_steps=12)
    assert optional_in_plan(plan) == [
        "8 refresh stages and 16 evaluations, counted apart. If an alarm reports a fall of at least 3.0 points, the "
        "refresh of the domain that fell most runs: at most 4 stages with 12 steps"
    ]
    document = optional_document(plan)
    assert len(document["stages"]) == 24
    assert document["stages"][0]["condition"] == {
        "stage": plan.train_stages[0].key,
        "domain": "logic",
        "threshold": 0.03,
    }


def test_a_plan_without_refreshes_says_nothing() -> None:
    plan = make_plan()
    assert optional_in_plan(plan) == []
    assert optional_document(plan) == {
        "refreshes": 0,
        "evaluations": 0,
        "most_refreshes": 0,
        "most_steps": 0,
        "stages": [],
    }
