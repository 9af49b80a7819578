"""What a session shows where there is no terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.plans import make_experiment, make_plan
from tests.support.published import published
from xdomain.api.running import run_graph
from xdomain.api.session import Session
from xdomain.cli.grid.watch import Watcher
from xdomain.core.states import Cause, EventKind
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.failures import Failure
from xdomain.store.store import Store


def test_events_on_stdout_and_a_summary_on_stderr(smoke: Session, capsys: pytest.CaptureFixture[str]) -> None:
    run_graph(smoke.plan, smoke.store, 1, Watcher(as_json=True))
    shown = capsys.readouterr()
    assert [json.loads(line)["event"] for line in shown.out.splitlines()] == ["begun", "ended"]
    assert f"0 stages run, {len(smoke.plan.stages)} already in the store, 0 failed" in shown.err


def test_a_failure_is_told_with_its_log(smoke: Session, capsys: pytest.CaptureFixture[str]) -> None:
    watcher, stage = Watcher(), smoke.plan.train_stages[0]
    watcher.begin(smoke.plan, smoke.store)
    watcher.warn("items [overlap]")
    watcher.end(RunOutcome(failed={stage.key: Failure(Cause.ERROR, "no [bold] memory [/inst]", "a.log")}))
    shown = capsys.readouterr().err
    assert "warning items [overlap]" in shown
    assert f"failed {stage.title}: no [bold] memory [/inst]\n  log: a.log" in shown


def test_starts_are_shown_but_for_a_report_s_evaluations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = {"steps": 2, "prompts_per_step": 4, "generations": 2, "self_paced": {"items": 4, "samples": 2}}
    experiment = make_experiment(curricula=["logic"], grid={}, training=training)
    plan, store, watcher = build_plan(experiment, resolve_identities(experiment)), Store(tmp_path), Watcher()
    watcher.begin(plan, store)
    watcher.schedule(Scheduler(plan, store, InlineExecutor(), watcher.watch))
    for stage in plan.stages.values():
        watcher.watch(Event(EventKind.STARTED, stage))
    started = [line.partition(" started ")[2] for line in capsys.readouterr().err.splitlines()]
    assert started == [plan.base.title, "pass rates of the base on train items of logic", "logic, seed 0"]


def test_an_alarm_of_a_stage_that_is_done_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, store, watcher = make_plan(), Store(tmp_path), Watcher()
    store.create()
    stage = plan.train_stages[0]
    published(store, stage, summary={"gap_alarms": ["it [drifted]"]}, seconds=1.0)
    watcher.begin(plan, store)
    watcher.schedule(Scheduler(plan, store, InlineExecutor(), watcher.watch))
    watcher.watch(Event(EventKind.DONE, stage))
    assert f"warning {stage.title}: it [drifted]" in capsys.readouterr().err
