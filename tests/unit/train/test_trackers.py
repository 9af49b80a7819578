"""A tracker's failure is a note, never the stage's end; tests/integration/test_trackers.py uses a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerCallback

from xdomain.core.errors import ConfigError
from xdomain.core.states import NoteKind
from xdomain.train.trackers import GroupedTrackio, IsolatedTracker, isolated_trackers, preflight_trackers


class Notes:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[NoteKind, dict[str, Any]]] = []

    def progress(self, done: int, total: int, **values: Any) -> None:
        raise AssertionError("trackers report no progress")

    def event(self, kind: NoteKind, **values: Any) -> None:
        self.events.append((kind, values))


class Breaking(TrainerCallback):  # type: ignore[misc]
    calls = 0

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.calls += 1
        raise ConnectionError("gone")


def test_the_first_failure_is_told_and_the_last_call() -> None:
    notes, tracker = Notes(), Breaking()
    isolated = IsolatedTracker("t", tracker, notes)
    isolated.on_train_begin(None, None, None)
    for _ in range(3):
        isolated.on_log(None, None, None, logs={})
    assert tracker.calls == 1
    assert notes.events == [(NoteKind.TRACKER, {"name": "t", "error": "ConnectionError: gone"})]


def test_every_event_of_the_trainer_is_passed_on() -> None:
    events = {name for name in vars(TrainerCallback) if name.startswith("on_")}
    assert events
    assert events <= set(vars(IsolatedTracker))


def test_a_tracker_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_PROJECT", "WANDB_RUN_GROUP", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TAGS"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    notes = Notes()
    names = {"experiment": "e", "curriculum": "c", "stage": "s"}
    (made,) = isolated_trackers(["nosuch", "tensorboard"], work=tmp_path, reporter=notes, **names)
    assert made._tracker.logging_dir == str(tmp_path / "tensorboard")
    assert [values["name"] for _, values in notes.events] == ["nosuch"]


def test_an_unknown_tracker_is_refused_beforehand() -> None:
    with pytest.raises(ConfigError, match=r"training\.report_to"):
        preflight_trackers(["nosuch"])
    preflight_trackers(["tensorboard"])


def test_trackio_gets_a_group() -> None:
    class Package:
        name = "trackio"

        def init(self, **settings: Any) -> Any:
            return settings

    grouped = GroupedTrackio(Package(), "math -> logic")
    assert grouped.init(project="p") == {"group": "math -> logic", "project": "p"}
    assert grouped.name == "trackio"
