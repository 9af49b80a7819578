"""Results from elsewhere, and records as frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.results import analyse, read_records
from xdomain.api.session import Session
from xdomain.core.errors import AnalysisError, ConfigError, StoreError


def test_records_of_a_store_or_of_a_file(smoke: Session) -> None:
    stage = smoke.plan.evaluations[0]
    path = smoke.store.folder(stage) / "records.parquet"
    one = read_records(path)
    assert set(one["stage_key"]) == {stage.key}
    every = read_records(smoke.store.root, ["stage_key", "score"])
    assert list(every.columns) == ["stage_key", "score"]
    assert set(every["stage_key"]) == {each.key for each in smoke.plan.evaluations}
    accuracy = analyse(path).accuracy
    label = accuracy.rows[-1]  # above it the base, which was not measured
    assert accuracy.cells[label][stage.domain].estimate == pytest.approx(one["score"].mean())


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.parquet"):
        with pytest.raises(StoreError, match="contains no item records"):
            read_records(path)


def test_an_accuracy_table(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("curriculum,domain,accuracy,n_items\nbase,math,0.4,500\nmath,math,0.8,500\n")
    assert analyse(table).accuracy.cells["math"]["math"].estimate == pytest.approx(0.8)
    with pytest.raises(ConfigError, match="no such file"):
        analyse(tmp_path / "gone.csv")
    (tmp_path / "samples.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="does not name the model"):
        analyse(tmp_path / "samples.jsonl")


def test_the_json_of_a_report_is_read_again(smoke: Session, tmp_path: Path) -> None:
    result = smoke.analyse()
    path = tmp_path / "report.json"
    path.write_text(result.model_dump_json(), encoding="utf-8")
    assert analyse(path) == result
    path.write_text('{"meta": {"schema_version": 2}, "summary": {}, "sentences": []}', encoding="utf-8")
    with pytest.raises(AnalysisError, match="does not have the shape of version 2"):
        analyse(path)
