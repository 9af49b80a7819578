"""Settings of the last run are used where none are given and the file is unchanged, and every command says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xdomain.api.last_run import open_last_run
from xdomain.api.session import open_experiment
from xdomain.api.templates import start_experiment
from xdomain.cli.app import app
from xdomain.core.errors import AnalysisError
from xdomain.store.experiments import note_experiment

SETTINGS = ("training.steps=20", "checkpoints.every_steps=null")


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDOMAIN_STORE", str(tmp_path / "store"))
    return start_experiment(tmp_path, "two-domains")[0]


def run(experiment: Path, *settings: str, seeds: list[int] | None = None) -> None:
    """Note a run, as `grid run` does before it starts stages."""
    session = open_experiment(experiment, settings=settings, seeds=seeds)
    session.store.create()
    note_experiment(session.store, session.plan)


def test_settings_of_the_last_run_are_used(experiment: Path) -> None:
    run(experiment, *SETTINGS, seeds=[0, 3])
    session = open_last_run(experiment)
    assert session.experiment.training.steps == 20
    assert session.experiment.seeds == (0, 3)
    assert session.settings_note.startswith("With the settings of the last run: --set training.steps=20 ")
    assert session.plan.stages.keys() == open_experiment(experiment, settings=SETTINGS, seeds=[0, 3]).plan.stages.keys()


def test_nothing_is_said_where_the_file_ran_as_written(experiment: Path) -> None:
    assert open_last_run(experiment).settings_note == ""
    run(experiment, *SETTINGS)
    run(experiment)
    session = open_last_run(experiment)
    assert (session.settings_note, session.experiment.training.steps) == ("", 80)


@pytest.mark.parametrize("settings", [["training.steps=30"], [""]])
def test_given_settings_count_and_the_last_are_named(experiment: Path, settings: list[str]) -> None:
    run(experiment, *SETTINGS)
    session = open_last_run(experiment, settings=settings)
    assert session.experiment.training.steps == (30 if settings[0] else 80)
    assert session.settings_note == (
        "The last run of this experiment in this store had --set training.steps=20 --set checkpoints.every_steps=null."
    )
    assert open_last_run(experiment, settings=SETTINGS).settings_note == ""


def test_of_a_changed_file_the_last_settings_are_named_only(experiment: Path) -> None:
    run(experiment, *SETTINGS)
    experiment.write_text(experiment.read_text() + "# changed\n")
    session = open_last_run(experiment)
    assert session.experiment.training.steps == 80
    assert session.settings_note.endswith("--set checkpoints.every_steps=null, and the file was different.")


def test_the_name_in_the_file_finds_the_settings(experiment: Path) -> None:
    run(experiment, "name=other", "training.steps=20")
    assert open_last_run(experiment).experiment.name == "other"


def test_commands_say_which_settings_they_use(experiment: Path) -> None:
    run(experiment, *SETTINGS)
    first = "With the settings of the last run: --set training.steps=20 --set checkpoints.every_steps=null"
    for words in (("grid", "status"), ("grid", "gc"), ("report",)):
        ended = CliRunner().invoke(app, [*words, str(experiment)])
        assert ended.stdout.startswith(first)
    assert isinstance(ended.exception, AnalysisError)
    status = json.loads(CliRunner().invoke(app, ["grid", "status", str(experiment), "--json"]).stdout)
    assert status["settings"] == list(SETTINGS)
    collected = json.loads(CliRunner().invoke(app, ["grid", "gc", str(experiment), "--json"]).stdout)
    assert collected["settings"][str(experiment)]["settings_note"].startswith(first)
    planned = json.loads(CliRunner().invoke(app, ["grid", "plan", str(experiment), "--json"]).stdout)
    assert {stage["steps"] for stage in planned["stages"] if "steps" in stage} == {80}, "a plan forgets settings"
