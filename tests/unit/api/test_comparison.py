"""What is refused before any model is evaluated; what is measured stands in tests/integration/test_library.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.comparison import compare_models, evaluate_model
from xdomain.api.evaluation import EvaluationOptions
from xdomain.api.session import Session
from xdomain.core.errors import ConfigError


def test_evaluations_of_a_grid_are_found_again(smoke: Session) -> None:
    options = EvaluationOptions(samples=4, temperature=1.0, max_tokens=9)
    found = evaluate_model("math, seed 0@40", ["math", "logic"], options, store=smoke.store)
    assert len(found.records) == 2 * 300 * 4
    assert (found.failed, found.base) == ((), None)
    assert found.result.accuracy.rows == ("math, seed 0@40",)


def test_several_models_stand_beside_their_base(smoke: Session) -> None:
    options = EvaluationOptions(samples=4, temperature=1.0, max_tokens=9)
    models = ["math, seed 0", "logic, seed 0"]
    found = compare_models(models, "logic", "base tiny_qwen3", options, store=smoke.store)
    assert found.result.accuracy.rows == ("base", *models)
    change = found.result.matrices["change"].frame()
    accuracy = {row: cells["logic"].estimate for row, cells in found.result.accuracy.cells.items()}
    for model in models:
        assert change.loc[model, "logic"] == pytest.approx(accuracy[model] - accuracy["base"])
    assert found.document()["moved_items"].keys() == set(models)


def test_a_model_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a stage of the store"):
        evaluate_model("nowhere", "logic", store=tmp_path / "store")


def test_nothing_to_evaluate_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with pytest.raises(ConfigError, match="no model is named"):
        compare_models([], "logic", store=store)
    for domains in ("", " , ", []):
        with pytest.raises(ConfigError, match="no domain is named"):
            evaluate_model(str(tmp_path), domains, store=store)
    with pytest.raises(ConfigError, match="need a base model"):
        evaluate_model(str(tmp_path), "logic", EvaluationOptions(base_settings=["model.dtype=bfloat16"]), store=store)
