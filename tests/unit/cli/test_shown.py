"""What the commands beside `grid` print."""

from __future__ import annotations

import json

from rich.console import Console
from typer.testing import CliRunner

from xdomain.api.session import Session
from xdomain.cli import doctor, domains, report, rescore, study, view
from xdomain.cli.app import COMMANDS, app
from xdomain.cli.render import typed_command
from xdomain.report.rescored_tables import rescored_tables

MODULES = (doctor, domains, report, rescore, study, view)


def text(*words: object) -> str:
    return CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "200"}).output


def test_each_module_holds_its_command() -> None:
    targets = {target.partition(":")[0] for target, _ in COMMANDS.values()}
    assert {module.__name__ for module in MODULES} - targets == {"xdomain.cli.domains"}


def test_doctor_and_domains_are_tables_and_documents() -> None:
    assert "CPU cores" in text("doctor")
    assert "puzzle" in text("domains", "list")
    assert json.loads(text("domains", "sample", "puzzle", "-n", "1", "--json"))[0]["verdict"] == "right"
    assert "distinct prompts" in text("domains", "check", "puzzle", "--most", "5")


def test_a_rescoring_without_changes_says_so(smoke: Session) -> None:
    console = Console(width=160, record=True)
    for part in rescored_tables(smoke.rescore()):
        console.print(part)
    shown = console.export_text()
    assert "111 evaluations of smoke, 133200 completions judged by the current verifiers; 0 tokens generated" in shown
    assert "No conclusion changes." in shown


def test_a_report_prints_its_matrices(smoke: Session) -> None:
    shown = text("report", smoke.path, "--store", smoke.store.root, "--format", "json", "--json")
    assert json.loads(shown)["meta"]["experiment"] == "smoke"
    assert typed_command().startswith("xdomain")


def test_view_refuses_seeds_without_an_experiment() -> None:
    ended = CliRunner().invoke(app, ["view", "--seeds", "0"])
    assert "belong to an experiment" in str(ended.exception)
