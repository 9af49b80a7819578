"""Trackers that few machines have: the real packages, offline, are told project, group and name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from xdomain.train.trackers import isolated_trackers

PROJECT, GROUP, STAGE = "small", "logic -> puzzle", "train-logic-to-puzzle-1234"


class Notes:
    """What a reporter was told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def progress(self, done: int, total: int, **values: Any) -> None:
        """Not looked at here."""

    def event(self, kind: str, **values: Any) -> None:
        self.events.append(values)


def follow_a_stage(name: str, folder: Path) -> None:
    """Tell a tracker of one step; it must not fail."""
    notes = Notes()
    (tracker,) = isolated_trackers(
        [name], experiment=PROJECT, curriculum=GROUP, stage=STAGE, work=folder, reporter=notes
    )
    arguments = TrainingArguments(output_dir=str(folder), report_to="none", use_cpu=True, run_name=STAGE)
    arguments.project = PROJECT
    state, control, model = TrainerState(global_step=1), TrainerControl(), torch.nn.Linear(1, 1)
    tracker.on_train_begin(arguments, state, control, model=model)
    tracker.on_log(arguments, state, control, model=model, logs={"reward": 0.5})
    tracker.on_train_end(arguments, state, control, model=model, processing_class=None)
    assert notes.events == []


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing goes online, nothing is left behind."""
    for name in ("WANDB_PROJECT", "WANDB_RUN_GROUP", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TAGS"):
        monkeypatch.setenv(name, "")  # so that what the trackers set is taken back
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)


def test_trackio(tmp_path: Path) -> None:
    pytest.importorskip("trackio", reason="trackio is not installed")
    from trackio.sqlite_storage import SQLiteStorage

    follow_a_stage("trackio", tmp_path)
    assert SQLiteStorage.get_runs(PROJECT) == [STAGE]
    assert SQLiteStorage.get_run_config(PROJECT, STAGE)["_Group"] == GROUP


def test_mlflow(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    follow_a_stage("mlflow", tmp_path)
    (run,) = mlflow.search_runs(experiment_names=[PROJECT], output_format="list")
    assert (run.info.run_name, run.data.tags["group"]) == (STAGE, GROUP)
    assert run.data.metrics == {"reward": 0.5}


def test_wandb(tmp_path: Path) -> None:
    wandb = pytest.importorskip("wandb", reason="wandb is not installed")
    follow_a_stage("wandb", tmp_path)
    run = wandb.run
    assert (run.project, run.group, run.name) == (PROJECT, GROUP, STAGE)
    run.finish()
    assert list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
