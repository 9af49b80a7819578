"""`xdomain schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xdomain.cli.app import app


def run(*arguments: str) -> str:
    ended = CliRunner().invoke(app, ["schema", *arguments])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_it_prints_a_schema() -> None:
    assert json.loads(run())["title"] == "xdomain experiment"
    assert json.loads(run("domain"))["title"] == "xdomain domain"


def test_it_writes_one_beside_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.yaml").write_text("name: d\nsource: {kind: csv, path: x}\nverifier: text\n")
    monkeypatch.chdir(tmp_path)
    printed = run("sub/d.yaml", "--write")
    assert "# yaml-language-server: $schema=domain.schema.json" in printed
    assert json.loads((tmp_path / "sub" / "domain.schema.json").read_text())["title"] == "xdomain domain"
    run("--write")
    assert (tmp_path / "experiment.schema.json").exists()
