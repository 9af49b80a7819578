"""Why two stages differ, planned or stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.explaining import explain
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import PlanError

SMOKE = Path(__file__).parents[3] / "experiments" / "smoke.yaml"


def test_two_seeds_of_a_stage_differ_in_their_seed(smoke: Session, tmp_path: Path) -> None:
    two = open_experiment(SMOKE, store=tmp_path / "s", seeds=[0, 1])
    found = explain(two.plan, two.store, "math, seed 0", "math, seed 1")
    assert [field for field, _, _ in found.fields] == ["seed"]
    assert not found.same_completions


def test_a_stage_of_the_store_can_be_compared(smoke: Session) -> None:
    other = open_experiment(SMOKE, store=smoke.store, settings=["training.steps=8"])
    stored = next(stage for stage in smoke.plan.train_stages if stage.title == "math, seed 0")
    found = explain(other.plan, other.store, "math, seed 0", stored.key)
    assert "steps" in [field for field, _, _ in found.fields]
    with pytest.raises(PlanError):
        explain(other.plan, other.store, "math, seed 0", "nothing")
