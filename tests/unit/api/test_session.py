"""Opening an experiment and what a session offers on a finished grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.session import Session, open_experiment
from xdomain.api.stores import as_store, default_store
from xdomain.config.load import read_yaml
from xdomain.core.errors import ConfigError, StoreError

ROOT = Path(__file__).parents[3]
SMOKE = ROOT / "experiments" / "smoke.yaml"


def keys(session: Session) -> list[str]:
    return list(session.plan.stages)


def test_a_path_a_mapping_and_an_experiment_are_one_plan(smoke: Session, tmp_path: Path) -> None:
    by_text = open_experiment(str(SMOKE), store=tmp_path / "s")
    by_mapping = open_experiment(read_yaml(SMOKE), store=tmp_path / "s")
    by_object = open_experiment(by_text.experiment, store=tmp_path / "s")
    assert keys(by_text) == keys(by_mapping) == keys(by_object) == keys(smoke)
    assert (by_text.path, by_mapping.path, by_object.path) == (SMOKE, None, None)


def test_settings_and_seeds_override_whatever_is_opened(tmp_path: Path) -> None:
    changed = {"settings": ["training.steps=8"], "seeds": [3, 4], "store": tmp_path / "s"}
    mapping = read_yaml(SMOKE)
    opened = open_experiment(SMOKE, **changed)
    assert opened.experiment.training.steps == 8
    assert opened.experiment.seeds == (3, 4)
    assert keys(open_experiment(mapping, **changed)) == keys(opened)
    assert mapping == read_yaml(SMOKE), "the caller's mapping is left alone"
    assert keys(open_experiment(open_experiment(SMOKE, store=tmp_path / "s").experiment, **changed)) == keys(opened)


def test_a_mistake_in_a_mapping_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"experiment: trainin.*Did you mean \"training\""):
        open_experiment(read_yaml(SMOKE) | {"trainin": {}}, store=tmp_path / "s")


def test_the_store_is_the_named_one_then_the_files_then_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDOMAIN_STORE", str(tmp_path / "environment"))
    assert default_store() == tmp_path / "environment"
    mapping = read_yaml(SMOKE)
    assert open_experiment(mapping).store.root == tmp_path / "environment"
    mapping["store"] = str(tmp_path / "file")
    assert open_experiment(mapping).store.root == tmp_path / "file"
    opened = open_experiment(mapping, store=tmp_path / "named").store
    assert opened.root == tmp_path / "named"
    assert as_store(opened) is opened
    monkeypatch.delenv("XDOMAIN_STORE")
    assert default_store() == Path("xdomain-store")


def test_a_finished_grid_runs_nothing_and_tells_so(smoke: Session) -> None:
    events = []
    outcome = smoke.run(progress=events.append)
    assert (outcome.ran, len(outcome.reused)) == ([], len(smoke.plan.stages))
    assert [event.event for event in events] == ["begun", "ended"]
    assert events[0].done == events[0].stages == len(smoke.plan.stages)


def test_records_and_report_of_a_finished_grid(smoke: Session, tmp_path: Path) -> None:
    experiment = smoke.experiment
    records = smoke.records()
    answers = experiment.evaluation.items * experiment.evaluation.samples
    assert len(records) == len(smoke.plan.evaluations) * answers
    assert records["completion"].notna().all()
    written = smoke.report(tmp_path / "report", ["json", "csv"])
    assert written == {"json": tmp_path / "report" / "report.json", "csv": tmp_path / "report" / "report.csv"}
    assert smoke.status().finished


def test_an_unknown_format_is_refused_before_anything_is_read(smoke: Session) -> None:
    with pytest.raises(ConfigError, match=r"Did you mean \"markdown\""):
        smoke.report(formats=["markdwn"])


def test_weights_that_are_gone_are_noticed(smoke: Session) -> None:
    with pytest.raises(StoreError, match=r"model\.safetensors"):
        smoke.checkpoint("math, seed 0")
