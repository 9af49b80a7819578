"""Alarms from the experiment file to the report, through the real command line and worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.small_grid import plan, run_events, write_experiment, xdomain

TEXT = """
name: watched
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula: [logic]
training:
  steps: 4
  prompts_per_step: 16
  generations: 8
  learning_rate: 1.0e-2
  max_completion_tokens: 8
  alarms: {budget: 1.0}
evaluation: {items: 24, samples: 1, temperature: 1.0}
execution: {workers: 1, device: cpu}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that both grids share, and with it the base model."""
    return tmp_path_factory.mktemp("shared") / "store"


def test_a_destroyed_policy_alarms_in_log_store_and_report(tmp_path: Path, store: Path) -> None:
    experiment = write_experiment(tmp_path, TEXT)
    (design,) = plan(experiment, store)["alarms"]
    assert design["completions"] <= 4 * 16 * 8
    xdomain("grid", "run", experiment, "--store", store)
    (stage,) = (store / "stages").glob("train-*")
    (log,) = (store / "logs").glob("train-*")
    events = [
        json.loads(line[line.index("{") :]) for line in log.read_text().splitlines() if '"event": "alarm"' in line
    ]
    assert "logic" in {event["domain"] for event in events}  # puzzle is hardly solved after such a short warm-up
    assert json.loads((stage / "done.json").read_text())["summary"]["alarms"]["completions"] == design["completions"]
    assert "looks.jsonl" in json.loads((stage / "manifest.json").read_text())
    xdomain("report", experiment, "--store", store, "--out", tmp_path / "report")
    result = json.loads((tmp_path / "report" / "report.json").read_text())
    alarms = {each["domain"]: each["alarm"] for each in result["alarms"]}
    assert alarms.keys() == {"logic", "puzzle"}
    assert alarms["logic"]["change"] < -0.1
    text = (tmp_path / "report" / "report.md").read_text()
    assert "## Interference during training" in text
    assert f"{len(events)} alarm{'s' * (len(events) > 1)} in 1 stage" in text


def test_a_stopped_stage_blocks_its_children_until_it_is_retried(tmp_path: Path, store: Path) -> None:
    text = TEXT.replace("{budget: 1.0}", "{budget: 1.0, on_alarm: stop}")
    experiment = write_experiment(tmp_path, text.replace("curricula: [logic]", "curricula: [logic -> puzzle]"))
    events = run_events(experiment, "--store", store, code=1)
    (failed,) = (event for event in events if event["event"] == "failed")
    assert failed["title"] == "logic, seed 0"
    assert "an alarm stopped it: logic fell by" in failed["message"]
    assert "logic -> puzzle, seed 0" in {event["title"] for event in events if event["event"] == "blocked"}
    assert not list((store / "stages").glob("train-logic-to-puzzle*"))
    again = run_events(experiment, "--store", store, code=1)
    assert "logic, seed 0" not in {event["title"] for event in again if event["event"] == "started"}
    assert next(event["failed"] for event in again if event["event"] == "ended") == events[-1]["failed"]
    xdomain("grid", "retry", experiment, "--store", store)
    assert "1 stage failed" not in xdomain("grid", "status", experiment, "--store", store).stdout


def test_an_alarm_grows_a_refresh_beside_the_stages_after_it_also_in_a_finished_grid(
    tmp_path: Path, store: Path
) -> None:
    text = TEXT.replace("curricula: [logic]", "curricula: [logic -> puzzle]")
    run_events(write_experiment(tmp_path, text), "--store", store)
    text = text.replace("{budget: 1.0}", "{budget: 1.0, on_alarm: refresh, refresh_steps: 2}")
    experiment = write_experiment(tmp_path, text)
    document = plan(experiment, store)
    assert (document["optional"]["refreshes"], document["optional"]["most_refreshes"]) == (4, 2)
    assert not any("refresh" in stage["title"] for stage in document["stages"])
    events = run_events(experiment, "--store", store)
    done = {event["title"]: event["optional"] for event in events if event["event"] == "done"}
    skipped = {event["title"] for event in events if event["event"] == "not needed"}
    assert done["logic -> refresh(logic)@2, seed 0"] is True
    assert all(done.values()), "the monitored stages were not trained again"
    assert "logic -> refresh(puzzle)@2, seed 0 step 2 on logic" in skipped
    assert not [event for event in events if event["event"] in ("blocked", "failed")]
    (folder,) = (store / "stages").glob("train-logic-to-refresh-logic*")
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert metrics[0]["learning_rate"] < metrics[1]["learning_rate"]
    begun, *_, ended = run_events(experiment, "--store", store)
    assert (begun["done"], ended["ran"], len(ended["not_needed"])) == (begun["stages"], [], len(skipped))
    states = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    assert states["optional_counts"]["not needed"] == len(skipped)
    xdomain("report", experiment, "--store", store, "--out", tmp_path / "report")
    result = json.loads((tmp_path / "report" / "report.json").read_text())
    found = {(each["run"], each["domain"]): each["refresh"] for each in result["alarms"]}
    assert found["logic", "logic"] == "needed"
    assert found["logic", "puzzle"] == "not needed"
    assert result["meta"]["missing"] == []
    assert "logic -> refresh(logic)@2" in result["effort"]
