"""What a session shows where there is no terminal."""

from __future__ import annotations

import json

import pytest

from xdomain.api.running import run_graph
from xdomain.api.session import Session
from xdomain.cli.grid.watch import Watcher
from xdomain.core.states import Cause
from xdomain.schedule.events import RunOutcome
from xdomain.store.failures import Failure


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
