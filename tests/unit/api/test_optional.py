"""Optional stages in words and as JSON."""

from __future__ import annotations

from pathlib import Path

from tests.support.looks import with_looks
from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.api.estimates import Needs
from xdomain.api.optional import (
    OptionalCost,
    OptionalLeft,
    not_exported,
    optional_cost,
    optional_document,
    optional_in_plan,
)
from xdomain.api.planning import Forecast
from xdomain.plan.stage import TrainStage
from xdomain.plan.tokens import completions_of, longest_completion
from xdomain.store.store import Store

TRAINING = {"steps": 12, "prompts_per_step": 4, "generations": 2, "alarms": {"on_alarm": "refresh", "budget": 1.0}}


def test_at_most_one_refresh_per_stage_runs() -> None:
    plan = make_plan(grid={}, curricula=["logic", "puzzle"], training=TRAINING, seeds=[0, 1])
    assert optional_cost(plan) == OptionalCost(refreshes=8, evaluations=16, most_refreshes=4, most_steps=12)
    assert optional_in_plan(plan) == [
        "8 refresh stages and 16 evaluations, counted apart. If a domain with an alarm is down by at least 3.0 "
        "points at the last look, the refresh of the one that is down most runs: at most 4 stages with 12 steps"
    ]
    document = optional_document(plan)
    assert len(document["stages"]) == 24
    assert document["stages"][0]["condition"] == {
        "stage": plan.train_stages[0].key,
        "domain": "logic",
        "threshold": 0.03,
    }


def test_what_is_left_is_at_most_one_refresh_per_stage_and_shrinks_as_alarms_decide(tmp_path: Path) -> None:
    plan = make_plan(grid={}, curricula=["logic", "puzzle"], training=TRAINING | {"prompts_per_step": 8})
    store = Store(tmp_path)
    store.create()
    first, second = plan.train_stages

    def left() -> OptionalLeft:
        return Forecast(plan, store, Needs(tokens_per_second=10.0)).optional_left

    both = left()
    refresh = next(each.stage for each in plan.optional.values() if isinstance(each.stage, TrainStage))
    tokens = completions_of(refresh, plan.experiment) * longest_completion(refresh, plan.experiment)
    evaluated = sum(
        completions_of(each, plan.experiment) * longest_completion(each, plan.experiment)
        for each in plan.evaluations
        if each.checkpoint == first.end
    )
    assert both == OptionalLeft(6, 6, 2 * (tokens + evaluated), both.checkpoint_bytes, 2 * (tokens + evaluated) / 10)
    assert both.checkpoint_bytes
    assert Forecast(plan, store).document()["optional"]["left"]["steps"] == 6
    with_looks(store, first, {"logic": 0.0})
    assert left() == OptionalLeft(3, 3, tokens + evaluated, left().checkpoint_bytes, (tokens + evaluated) / 10)
    with_looks(store, second, {"puzzle": -0.2})
    assert left().stages == 3, "of the refresh that the alarm calls for"
    for each in plan.optional.values():
        if each.condition.stage == second.key:
            published(store, each.stage)
    assert left() == OptionalLeft(0, 0, 0, 0, 0)


def test_an_exported_grid_says_what_it_leaves_out() -> None:
    plan = make_plan(grid={}, curricula=["logic"], training=TRAINING)
    assert not_exported(plan, "xdomain grid run a.yaml") == (
        "6 optional stages not exported: alarms decide which of them run. Once the exported tasks are done, run the "
        "needed ones with: xdomain grid run a.yaml"
    )
    assert not_exported(make_plan(), "") is None


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
