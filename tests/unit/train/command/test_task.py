from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_stage import experiment
from tests.support.stage_runs import Stages
from tests.support.stages import train_stage
from xdomain.config.engine import EngineConfig
from xdomain.models.checkpoint import CheckpointInfo
from xdomain.train.command.scorer import Address
from xdomain.train.command.task import Files, write_task


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The folder of a stage that an earlier attempt left."""
    made = Files(tmp_path / "engine")
    for folder in (made.output / "step-000002", made.state):
        folder.mkdir(parents=True)
    (made.state / "momentum").touch()
    return made


def engine(*, resume: bool) -> EngineConfig:
    data = {"command": ["python", "train.py"], "version": "1", "guarantees": {"resume": resume}}
    return EngineConfig.model_validate(data)


def test_a_command_that_resumes_finds_its_state(files: Files) -> None:
    files.prepare(engine(resume=True))
    assert (files.state / "momentum").exists()
    assert (files.output / "step-000002").exists()


def test_another_command_begins_anew(files: Files) -> None:
    files.prepare(engine(resume=False))
    assert not list(files.state.iterdir())
    assert not list(files.output.iterdir())


def test_what_a_command_finished_is_kept_for_the_attempt_that_publishes_it(files: Files) -> None:
    (files.folder / "exit").write_text("0")
    files.prepare(engine(resume=False))
    assert files.has_ended
    assert (files.output / "step-000002").exists()


def test_after_outputs_were_refused_every_command_begins_anew(files: Files) -> None:
    (files.folder / "exit").write_text("0")
    files.refuse()
    assert (files.output / "step-000002").exists(), "they can be looked at"
    files.prepare(engine(resume=True))
    assert not files.has_ended
    assert not list(files.state.iterdir())


def test_the_task_file_says_what_the_contract_promises(files: Files, tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    base = stages.context("base")
    stage = train_stage("sums", steps=4, checkpoint_steps=(2, 4))
    setup = experiment(tmp_path, training={"beta": 0.5}, receives=["learning_rate", "beta", "grpo"]).training_setup
    context = stages.context("a")
    info = CheckpointInfo("full", "float32", False, None)
    write_task(files, setup, stage, context, info, {"sums": ("###",)}, Address("http://127.0.0.1:1/score", "secret"))
    assert files.task.stat().st_mode & 0o077 == 0, "it holds the token"
    task = json.loads(files.task.read_text())
    assert task["parent"] == task["base"] == str((base.work / "checkpoints" / "step-000000").resolve())
    assert task["training"] == {"learning_rate": 1e-2, "beta": 0.5, "grpo": {}}
    assert (task["contract"], task["seed"], task["steps"], task["checkpoint_steps"]) == (1, 7, 4, [2, 4])
    assert task["stop"] == {"sums": ["###"]}
    page = (Path(__file__).parents[4] / "docs" / "reference" / "engine-contract.md").read_text()
    assert [name for name in task if f"`{name}`" not in page] == [], "every field is documented"
