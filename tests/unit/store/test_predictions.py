"""The record of predictions: written once, with a time and a digest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import StoreError
from xdomain.plan.predictions import PredictedCell, Prediction, Predictor, Target
from xdomain.store.predictions import read_predictions, write_predictions
from xdomain.store.store import Store

PLAN = make_plan(analysis={"predictors": ["prompt_similarity"]})


def prediction(value: float) -> Prediction:
    cell = PredictedCell("logic", "puzzle", value, measured_before=False)
    return Prediction(Predictor.PROMPT_SIMILARITY, Target.TRANSFER, (cell,))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "store")
    found.create()
    return found


def test_the_first_record_stays(store: Store) -> None:
    assert read_predictions(store, PLAN) is None
    first = write_predictions(store, PLAN, ["b", "a"], [prediction(0.25)])
    assert first.reads == ("a", "b")
    assert first.predictions == (prediction(0.25),)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(first.written)).total_seconds()) < 60
    assert write_predictions(store, PLAN, ["c"], [prediction(0.5)]) == first
    assert read_predictions(store, PLAN) == first
    assert len(list((store.root / "predictions").iterdir())) == 1


def test_without_predictors_no_record_is_read(store: Store) -> None:
    assert read_predictions(store, make_plan()) is None


def test_a_changed_record_is_refused(store: Store) -> None:
    write_predictions(store, PLAN, [], [prediction(0.25)])
    (path,) = (store.root / "predictions").iterdir()
    data = json.loads(path.read_text())
    data["predictions"][0]["cells"][0]["value"] = 0.5
    path.write_text(json.dumps(data))
    with pytest.raises(StoreError, match="was changed after it was written: its digest differs"):
        read_predictions(store, PLAN)


@pytest.mark.parametrize("text", ["", "[]", '{"experiment": 3}'])
def test_a_corrupt_record_is_refused(store: Store, text: str) -> None:
    write_predictions(store, PLAN, [], [prediction(0.25)])
    (path,) = (store.root / "predictions").iterdir()
    path.write_text(text)
    with pytest.raises(StoreError, match="is not a record of predictions"):
        read_predictions(store, PLAN)


def test_a_folder_that_cannot_be_written_says_so(store: Store) -> None:
    (store.root / "predictions").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        write_predictions(store, PLAN, [], [prediction(0.25)])
