"""Stages by a command: the fake trainer under kills, orders to stop and errors. Seconds each."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.command_stage import FAKE_TRAINER, experiment
from tests.support.stage_runs import Stages
from xdomain.core.errors import StageError
from xdomain.models.checkpoint import load_plain
from xdomain.train.callbacks import read_metrics
from xdomain.train.command.process import CommandKilled


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stages = Stages(tmp_path_factory.mktemp("base"))
    stages.base(experiment(stages.root))
    return stages.root


@pytest.fixture
def stages(base: Path, tmp_path: Path) -> Stages:
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    copied = Stages(tmp_path)
    copied.inputs["base"] = tmp_path / "stages" / "base"
    return copied


def weights(stages: Stages, key: str) -> dict[str, torch.Tensor]:
    return load_file(stages.end(key) / "model.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_fake_trainer_imports_nothing_of_xdomain() -> None:
    tree = ast.parse(FAKE_TRAINER.read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    assert not any(str(name).startswith(("xdomain", "tests")) for name in imported)


def test_two_stages_are_trained_from_parent_to_checkpoints(stages: Stages) -> None:
    plain = experiment(stages.root)
    stages.train(plain, "a", "base", "sums")
    summary = stages.train(plain, "ab", "a", "sums -> letters").summary
    before, after = weights(stages, "a"), weights(stages, "ab")
    length = sum(float((after[name].double() - before[name].double()).square().sum()) for name in after) ** 0.5
    assert summary["displacement"] == pytest.approx(length)
    assert (summary["steps"], summary["prompts"], summary["metric_lines"]) == (4, 16, 4)
    assert [line["step"] for line in read_metrics(stages.inputs["a"] / "metrics.jsonl")] == [1, 2, 3, 4]
    assert len((stages.inputs["a"] / "schedule.jsonl").read_text().splitlines()) == 16
    assert load_plain(stages.end("ab")).config.model_type == "qwen3"


def test_a_killed_command_continues_to_the_same_weights(stages: Stages) -> None:
    stages.train(experiment(stages.root), "whole", "base", "sums")
    killed = experiment(stages.root, "kill=3")
    with pytest.raises(CommandKilled):
        stages.train(killed, "parts", "base", "sums")
    assert not (stages.inputs["parts"] / "checkpoints").exists()
    metrics = stages.root / "scratch" / "parts" / "engine" / "metrics.jsonl"
    metrics.write_text(metrics.read_text() + '{"step": 4, "rew')  # torn by the kill
    stages.train(killed, "parts", "base", "sums")
    assert same(weights(stages, "whole"), weights(stages, "parts"))
    lines = (stages.inputs[key] / "metrics.jsonl" for key in ("whole", "parts"))
    assert len({path.read_text() for path in lines}) == 1


def test_a_command_that_cannot_resume_begins_anew(stages: Stages) -> None:
    killed = experiment(stages.root, "kill=3", guarantees={"seed": True})
    with pytest.raises(CommandKilled):
        stages.train(killed, "parts", "base", "sums")
    with pytest.raises(CommandKilled, match="signal 9"):  # its mark is gone with its state
        stages.train(killed, "parts", "base", "sums")


def test_a_stopped_stage_continues_to_the_same_weights(stages: Stages) -> None:
    stages.train(experiment(stages.root), "whole", "base", "sums")
    sleeping = experiment(stages.root, "sleep=60", stop_seconds=5)
    metrics = stages.root / "scratch" / "parts" / "engine" / "metrics.jsonl"
    summary = stages.train(sleeping, "parts", "base", "sums", stop_requested=metrics.exists).summary
    assert summary == {"step": 1}
    stages.train(experiment(stages.root), "parts", "base", "sums")
    assert same(weights(stages, "whole"), weights(stages, "parts"))


def test_an_exit_code_fails_the_stage(stages: Stages) -> None:
    with pytest.raises(StageError, match="exit code 3"):
        stages.train(experiment(stages.root, "exit=3"), "a", "base", "sums")


def test_refused_outputs_are_trained_again_and_a_finished_command_is_not(stages: Stages) -> None:
    with pytest.raises(StageError, match="exit code 0 and left no checkpoint at all"):
        stages.train(experiment(stages.root, "exit=0"), "a", "base", "sums")
    stages.train(experiment(stages.root), "a", "base", "sums")
    trained = weights(stages, "a")
    shutil.rmtree(stages.inputs["a"] / "checkpoints")
    # The worker was killed before it published: what the command finished is taken in, and the command is not run.
    summary = stages.train(experiment(stages.root, "exit=3"), "a", "base", "sums").summary
    assert same(weights(stages, "a"), trained)
    assert summary["training_seconds"] is None


def test_the_command_gets_only_what_it_receives(stages: Stages) -> None:
    stages.train(experiment(stages.root, receives=["learning_rate", "beta"]), "a", "base", "sums")
    task = json.loads((stages.root / "scratch" / "a" / "engine" / "task.json").read_text())
    assert task["training"] == {"learning_rate": 1e-2, "beta": 0.0}
