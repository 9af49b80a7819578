"""What a plan will do on a store."""

from __future__ import annotations

import json
from pathlib import Path

from xdomain.api.planning import Forecast, left_out, warnings
from xdomain.api.session import Session, open_experiment

ROOT = Path(__file__).parents[3]
SMOKE = ROOT / "experiments" / "smoke.yaml"


def test_sharing_saves_the_first_phases_of_pairs(smoke: Session) -> None:
    forecast = Forecast(smoke.plan, smoke.store)
    assert (forecast.cost.train_stages, forecast.cost.naive_train_stages) == (12, 18)
    assert (forecast.estimates.seconds_left, forecast.estimates.workers) == (0, 1)
    document = json.loads(json.dumps(forecast.document(0.05)))
    assert document["counts"] == {"done": len(smoke.plan.stages), "stages": len(smoke.plan.stages)}
    assert [stage["key"] for stage in document["stages"]] == list(smoke.plan.stages)
    assert document["detectable_effect"]["effect"] == 0.05


def test_more_items_reuse_the_completions_of_fewer(smoke: Session) -> None:
    more = open_experiment(SMOKE, store=smoke.store, settings=["evaluation.items=301"])
    savings = Forecast(more.plan, more.store).savings
    assert set(savings.completions) == {stage.key for stage in more.plan.evaluations}
    assert set(savings.completions.values()) == {300 * 4}


def test_careful_readers_are_warned(tmp_path: Path) -> None:
    usual = open_experiment(SMOKE, store=tmp_path / "s")
    assert warnings(usual.plan) == left_out(usual.experiment) == []
    batch = open_experiment(SMOKE, store=tmp_path / "s", settings=["training.scale_rewards=batch"])
    assert any("domains affect each other's scale" in warning for warning in warnings(batch.plan))
