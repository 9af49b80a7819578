"""Completion finds stages and domains quickly, and never fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xdomain.api.completion import domain_names, stage_folders
from xdomain.api.session import open_experiment
from xdomain.api.templates import start_experiment
from xdomain.store.experiments import note_experiment


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """An experiment that ran in the store beside it, as did another one."""
    for name, store in (("two-domains", "store"), ("my-data", "store")):
        file, *_ = start_experiment(tmp_path / name, name)
        session = open_experiment(file, store=tmp_path / store)
        session.store.create()
        note_experiment(session.store, session.plan)
    return tmp_path / "two-domains" / "experiment.yaml"


def test_stages_are_those_of_the_experiment(experiment: Path, tmp_path: Path) -> None:
    found = stage_folders("train-math", tmp_path / "store", experiment)
    assert {title for _, title in found} == {"math -> logic, seed 0", "math -> math, seed 0", "math, seed 0"}
    assert all(" " not in folder for folder, _ in found)
    assert len(stage_folders("train-", tmp_path / "store")) == 7 + 5


def test_where_nothing_is_found_nothing_is_offered(experiment: Path, tmp_path: Path) -> None:
    assert stage_folders("", tmp_path / "elsewhere", experiment) == []
    (tmp_path / "store" / "store.json").write_text("{}")
    assert stage_folders("", tmp_path / "store", experiment) == []
    experiment.write_text("name: [")
    assert stage_folders("", tmp_path / "store", experiment) == []


def test_domains_are_the_registered_ones() -> None:
    assert domain_names("science") == ["science", "science_choice", "science_open"]


def complete(*words: str | Path, cwd: Path) -> list[str]:
    """Ask as bash does for the last of `words`."""
    environment = os.environ | {
        "_XDOMAIN_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(map(str, ["xdomain", *words])),
        "COMP_CWORD": str(len(words)),
    }
    code = "import sys; from xdomain.cli.app import main; sys.argv[0] = 'xdomain'; main()"
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert not ended.stderr
    return ended.stdout.split()


def test_a_shell_gets_stages_options_templates_and_domains(experiment: Path, tmp_path: Path) -> None:
    store = ("--store", tmp_path / "store")
    assert len(complete("grid", "logs", *store, experiment, "train-math", cwd=tmp_path)) == 3
    assert "--follow" in complete("grid", "logs", "--fo", cwd=tmp_path)
    assert complete("init", "--template", "my", cwd=tmp_path) == ["my-data"]
    assert complete("domains", "show", "puz", cwd=tmp_path) == ["puzzle"]
