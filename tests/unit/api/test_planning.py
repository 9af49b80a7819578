"""What a plan will do on a store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.api.planning import Forecast, left_out, warnings
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import DataError

ROOT = Path(__file__).parents[3]
SMOKE = ROOT / "experiments" / "smoke.yaml"
NO_PROMPTS = """
name: no-prompts
model: {preset: tiny_qwen3}
domains:
  - logic
  - {name: mine, source: {kind: jsonl, test: rows.jsonl}, fields: {question: q, gold: a}, verifier: text}
curricula: ["distill(logic, mine: logic)"]
"""
"""An experiment with a domain that has only test items, of which a distillation would need prompts."""


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


def test_training_without_prompts_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "What is 1?", "a": "1"}\n{"q": "What is 2?", "a": "2"}\n')
    path = tmp_path / "no-prompts.yaml"
    path.write_text(NO_PROMPTS)
    with pytest.raises(DataError) as caught:
        open_experiment(path, store=tmp_path / "s").forecast()
    assert caught.value.where == f"{path}:6:5: domains.1"
    assert caught.value.what == "its train split is empty."
    evaluated = open_experiment(path, store=tmp_path / "s", settings=["curricula=[logic]"])
    assert evaluated.forecast().cost.train_stages == 1


def test_careful_readers_are_warned(tmp_path: Path) -> None:
    usual = open_experiment(SMOKE, store=tmp_path / "s")
    assert warnings(usual.plan) == left_out(usual.experiment) == []
    batch = open_experiment(SMOKE, store=tmp_path / "s", settings=["training.scale_rewards=batch"])
    assert any("domains affect each other's scale" in warning for warning in warnings(batch.plan))
