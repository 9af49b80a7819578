"""Predictions of a real grid: stored before the cells are run, read from nothing that the cells are measured by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import xdomain
from tests.support.small_grid import write_experiment
from xdomain.api.predictions import predict_first
from xdomain.api.running import RunObserver
from xdomain.api.session import Session
from xdomain.schedule.events import Event
from xdomain.store.predictions import read_predictions

TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
grid: {singles: true, ordered_pairs: true}
training:
  {steps: 6, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8}
evaluation: {items: 48, samples: 2, temperature: 1.0}
execution: {executor: inline, device: cpu}
analysis: {predictors: [first_order_transfer, prompt_similarity, additive_merge]}
"""


class Order(RunObserver):
    """Notes what is run, and when the predictions are there."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[tuple[str, bool]] = []

    def watch(self, event: Event | None) -> None:
        if event is not None and str(event.kind) == "done":
            stored = read_predictions(self.session.store, self.session.plan) is not None
            self.seen.append((event.stage.key, stored))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Order]:
    folder = tmp_path_factory.mktemp("predictions")
    session = xdomain.open_experiment(write_experiment(folder, TEXT), store=folder / "store")
    order = Order(session)
    session.run(progress=order)
    return session, order


def values(session: Session) -> dict[tuple[str, ...], float]:
    record = read_predictions(session.store, session.plan)
    assert record is not None
    return {
        (each.predictor, each.target, cell.first, cell.second): cell.value
        for each in record.predictions
        for cell in each.cells
    }


def test_no_cell_is_run_before_the_predictions_are_stored(run: tuple[Session, Order]) -> None:
    session, order = run
    evaluations = {stage.key for stage in session.plan.evaluations}
    assert [stored for key, stored in order.seen if key in evaluations] == [True] * len(evaluations)
    record = read_predictions(session.store, session.plan)
    assert record is not None
    assert not evaluations & set(record.reads)
    assert not any(cell.measured_before for each in record.predictions for cell in each.cells)
    assert len(values(session)) == 2 * (2 + 2 + 1)


def test_a_later_run_keeps_the_record(run: tuple[Session, Order]) -> None:
    session, _ = run
    (path,) = (session.store.root / "predictions").iterdir()
    before = path.read_bytes()
    session.run()
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["removed", "overwritten"])
def test_predictions_do_not_depend_on_the_records_of_the_cells(
    run: tuple[Session, Order], tmp_path: Path, change: str
) -> None:
    session, _ = run
    root = Path(shutil.copytree(session.store.root, tmp_path / "store"))
    copied = xdomain.open_experiment(session.path or "", store=root)
    shutil.rmtree(root / "predictions")
    for stage in copied.plan.evaluations:
        if change == "removed":
            shutil.rmtree(copied.store.folder(stage))
        else:
            (copied.store.folder(stage) / "records.parquet").write_bytes(b"nothing to read here")
    predict_first(copied.plan, copied.store, RunObserver())
    assert values(copied) == values(session)
    record = read_predictions(copied.store, copied.plan)
    assert record is not None
    late = {cell.measured_before for each in record.predictions for cell in each.cells}
    assert late == {change == "overwritten"}


def test_the_report_shows_what_was_predicted(run: tuple[Session, Order], tmp_path: Path) -> None:
    session, _ = run
    paths = session.report(tmp_path, ["markdown", "json"])
    assert "2 domains cannot support the claim that a predictor works" in paths["markdown"].read_text()
    data: dict[str, Any] = json.loads(paths["json"].read_text())["predictions"]
    assert [(each["predictor"], each["target"]) for each in data["scores"]] == [
        ("first_order_transfer", "transfer"), ("first_order_transfer", "retention"),
        ("prompt_similarity", "transfer"), ("prompt_similarity", "retention"), ("additive_merge", "retention"),
    ]  # fmt: skip
    measured = {(cell["first"], cell["second"]): cell["measured"] for cell in data["scores"][1]["cells"]}
    retention = session.analyse().matrices["retention"]
    assert measured["logic", "puzzle"] == pytest.approx(retention.cells["logic -> puzzle"]["logic"].estimate)
