"""`xdomain init` and `xdomain examples`, as a shell calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xdomain.cli.app import app
from xdomain.cli.start import example_names, template_names


def test_init_names_its_files_and_what_to_type_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["init", "my demo", "--template", "my-data"])
    assert ended.exit_code == 0
    assert ended.stdout.split("\n") == [
        "my demo/experiment.yaml", "my demo/rows.jsonl", "my demo/experiment.schema.json", "",
    ]  # fmt: skip
    assert ended.stderr == "Next: cd 'my demo' && xdomain grid plan experiment.yaml\n"


def test_examples_are_listed_and_copied(tmp_path: Path) -> None:
    listed = json.loads(CliRunner().invoke(app, ["examples", "list", "--json"]).stdout)
    assert [each["name"] for each in listed] == example_names()
    ended = CliRunner().invoke(app, ["examples", "copy", "breaking-barriers", str(tmp_path)])
    assert ended.stderr == f"Next: xdomain study {tmp_path}/breaking-barriers.yaml\n"
    ended = CliRunner().invoke(app, ["examples", "copy", "cgpo", str(tmp_path)])
    made = f"python {tmp_path}/stand_ins.py {tmp_path}/data && XDOMAIN_DATA={tmp_path}/data"
    assert ended.stderr == f"Next: {made} xdomain grid plan {tmp_path}/cgpo.yaml\n"


def test_the_help_names_every_template() -> None:
    words = " ".join(CliRunner().invoke(app, ["init", "--help"]).stdout.split())
    assert all(name in words for name in template_names())
