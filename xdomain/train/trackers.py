"""Trackers that a stage reports to. A tracker that fails is dropped, and the stage continues.

transformers' own callbacks do the reporting. The project is the experiment, the group is the curriculum, and the name
is the stage's folder. A tracker that hangs is not stopped: set a timeout in the tracker.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from functools import partialmethod
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.integrations import get_reporting_integration_callbacks

from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.core.stage import Reporter
from xdomain.core.states import NoteKind

TENSORBOARD_FOLDER = "TENSORBOARD_LOGGING_DIR"


class IsolatedTracker(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """A callback that passes every event on to a tracker, until the tracker raises an error.

    Args:
        name: The tracker's name in `training.report_to`.
        tracker: transformers' callback for the tracker.
        reporter: Reporter that receives the failure, once.
    """

    def __init__(self, name: str, tracker: Any, reporter: Reporter) -> None:
        self._name = name
        self._tracker = tracker
        self._reporter = reporter
        self.failed = False

    def _pass_on(self, event: str, args: Any, state: Any, control: Any, **values: Any) -> None:
        if self.failed:
            return
        try:
            getattr(self._tracker, event)(args, state, control, **values)
        except Exception as error:  # trackers use disks and networks, so any error is possible
            self.failed = True
            self._reporter.event(NoteKind.TRACKER, name=self._name, error=f"{type(error).__name__}: {error}")


for _event in (name for name in vars(TrainerCallback) if name.startswith("on_")):
    setattr(IsolatedTracker, _event, partialmethod(IsolatedTracker._pass_on, _event))


class GroupedTrackio:
    """The package trackio with a group for its runs, since transformers' callback passes none."""

    def __init__(self, trackio: Any, group: str) -> None:
        self._trackio = trackio
        self._group = group

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trackio, name)

    def init(self, **settings: Any) -> Any:
        return self._trackio.init(**{"group": self._group, **settings})


def isolated_trackers(
    names: Sequence[str], *, experiment: str, curriculum: str, stage: str, work: Path, reporter: Reporter
) -> Iterator[IsolatedTracker]:
    """Yield a callback for each tracker that can be created. The others are reported as failed.

    Args:
        names: Names of the trackers, as in `training.report_to`.
        experiment: The trackers' project.
        curriculum: The trackers' group.
        stage: The trackers' name for this stage.
        work: Folder for TensorBoard's files, unless $TENSORBOARD_LOGGING_DIR names another.
        reporter: Reporter that receives failures.
    """
    os.environ.update(
        WANDB_PROJECT=experiment,
        WANDB_RUN_GROUP=curriculum,
        MLFLOW_EXPERIMENT_NAME=experiment,
        MLFLOW_TAGS=json.dumps({"group": curriculum}),
    )
    for name in names:
        try:
            tracker = _make(name)
        except Exception as error:  # it worked in the preflight, but may fail now
            reporter.event(NoteKind.TRACKER, name=name, error=f"{type(error).__name__}: {error}")
            continue
        if name == "trackio":
            tracker._trackio = GroupedTrackio(tracker._trackio, curriculum)
        if name == "tensorboard":
            shared = os.environ.get(TENSORBOARD_FOLDER)
            folder = Path(shared).expanduser() / experiment / curriculum / stage if shared else work / "tensorboard"
            tracker.logging_dir = str(folder)
        yield IsolatedTracker(name, tracker, reporter)


def preflight_trackers(names: Sequence[str]) -> None:
    """Create each tracker once.

    Raises:
        ConfigError: transformers knows no such tracker.
        DependencyMissing: A tracker's package is not installed.
    """
    for name in names:
        try:
            _make(name)
        except ValueError as error:
            raise ConfigError(f"{error}", where="training.report_to") from error
        except (RuntimeError, ImportError) as error:
            # transformers' message ends with the pip command.
            raise DependencyMissing(
                f'the tracker "{name}" cannot be used: {error}', where="training.report_to"
            ) from error


def _make(name: str) -> Any:
    (kind,) = get_reporting_integration_callbacks([name])
    return kind()
