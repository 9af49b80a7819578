"""Trackers that a stage reports to, isolated from it: a stage continues without a tracker that fails.

transformers' own callbacks do the talking. Project = experiment, group = curriculum, name = the stage's folder. One
that hangs is not ended by us: set a timeout in the tracker.
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
    """Passes every event on to a tracker, until it raises.

    Args:
        name: as `training.report_to` has it.
        tracker: transformers' callback.
reporter: Receives the failure, once.
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
        except Exception as error:  # trackers talk to disks and networks: anything may come
            self.failed = True
            self._reporter.event(NoteKind.TRACKER, name=self._name, error=f"{type(error).__name__}: {error}")


for _event in (name for name in vars(TrainerCallback) if name.startswith("on_")):
    setattr(IsolatedTracker, _event, partialmethod(IsolatedTracker._pass_on, _event))


class GroupedTrackio:
    """The package trackio with a group for its runs, which transformers' callback does not give."""

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
    """A callback for each tracker that can be made; the others are reported as failed.

    Args:
        experiment: the trackers' project.
        curriculum: the trackers' group.
        stage: the run's name.
        work: TensorBoard's files lie here, unless $TENSORBOARD_LOGGING_DIR says where.
reporter: Receives failures.
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
        except Exception as error:  # what was there in the preflight may be gone
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
    """Make each tracker once.

    Raises:
        ConfigError: transformers knows no such tracker.
        DependencyMissing: its package is not installed.
    """
    for name in names:
        try:
            _make(name)
        except ValueError as error:
            raise ConfigError(f"{error}", where="training.report_to") from error
        except (RuntimeError, ImportError) as error:
            # transformers' words end with the pip command.
            raise DependencyMissing(
                f'the tracker "{name}" cannot be used: {error}', where="training.report_to"
            ) from error


def _make(name: str) -> Any:
    (kind,) = get_reporting_integration_callbacks([name])
    return kind()
