"""Commands on a finished grid: what they print and what they leave."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from xdomain.api.session import Session
from xdomain.cli.app import app
from xdomain.cli.grid import cancel, export, gc, logs, one_stage, order, plan, retry, run, status
from xdomain.core.errors import ConfigError, StoreError

MODULES = {module.__name__.rpartition(".")[2] for module in (cancel, export, gc, logs, order, plan, retry, run, status)}


def command(name: str, smoke: Session, *words: str) -> Result:
    assert name in MODULES
    return CliRunner().invoke(app, ["grid", name, str(smoke.path), "--store", str(smoke.store.root), *words])


def test_status_counts_stages_by_kind(smoke: Session) -> None:
    shown = command("status", smoke).stdout
    assert "evaluate" in shown
    assert json.loads(command("status", smoke, "--json").stdout)["counts"]["done"] == len(smoke.plan.stages)
    assert command("status", smoke, "--watch").stdout.startswith("smoke: 124 of 124 done")


def test_plan_as_a_tree_a_flowchart_and_a_difference(smoke: Session) -> None:
    tree = command("plan", smoke, "--detect", "5").stdout
    assert "sharing saves 6" in tree
    assert "needed for 5" in tree
    assert command("plan", smoke, "--format", "mermaid").stdout.count("-->") == 12
    assert "seed" in command("plan", smoke, "--seeds", "0,1", "--explain", "math, seed 0", "math, seed 1").stdout


def test_export_has_a_command_for_each_task(smoke: Session) -> None:
    tasks = [json.loads(line) for line in command("export", smoke).stdout.splitlines()]
    assert len(tasks) == 1 + 12 + 37, "the base, the stages, the checkpoints"


def test_nothing_is_freed_cleared_or_cancelled_of_a_finished_grid(smoke: Session) -> None:
    assert json.loads(command("gc", smoke, "--json").stdout)["stages"] == []
    assert "0 stages cleared" in command("retry", smoke).stderr
    assert isinstance(command("cancel", smoke, "math, seed 0").exception, StoreError)
    assert "0 stages run" in command("run", smoke).stderr


def test_logs_name_the_stage_that_has_none(smoke: Session) -> None:
    assert "was never started" in str(command("logs", smoke, "math, seed 0").exception)
    found, stages, chosen = one_stage.opened_stages(str(smoke.path), "math, seed 0", smoke.store.root, None, None)
    assert (found.root, len(list(stages)), chosen.title) == (
        smoke.store.root,
        len(smoke.plan.stages),
        "math, seed 0",
    )


def test_order_refuses_test_items(smoke: Session, tmp_path: Path) -> None:
    assert smoke.path is not None
    path = shutil.copy(smoke.path, tmp_path)
    ended = CliRunner().invoke(app, ["grid", "order", str(path), "--store", str(smoke.store.root)])
    with pytest.raises(ConfigError, match="must not be chosen on the test items"):
        raise ended.exception or AssertionError("nothing was refused")
