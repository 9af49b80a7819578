"""Input and result of a stage in the worker. `train` and `evaluate` know the store only through these paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xdomain.core.states import NoteKind


class Reporter(Protocol):
    """A receiver of a running stage's progress. Calls are cheap and never raise."""

    def progress(self, done: int, total: int, **values: Any) -> None:
        """Report that `done` of `total` optimizer steps or items are finished, with some current values."""

    def event(self, kind: NoteKind, **values: Any) -> None:
        """Report an event."""


@dataclass(frozen=True)
class Lender:
    """A published evaluation of the same checkpoint with the same sampling settings.

    Attributes:
        key: Key of the stage.
        records: Path of the item records.
        judged_alike: Whether its verdicts can be reused; if not, its completions are judged again.
    """

    key: str
    records: Path
    judged_alike: bool


@dataclass(frozen=True)
class Sharding:
    """How the processes of a stage share weights, gradients and optimizer.

    Attributes:
        cpu_offload: Whether parts that are not in use are moved to the CPU's memory.
        reshard_after_forward: Whether a layer's gathered weights are dropped between its forward and backward pass.
        layers: Names of the classes whose instances are gathered one at a time; () for those that the model names.
    """

    cpu_offload: bool = False
    reshard_after_forward: bool = True
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageContext:
    """The environment of one running stage. Only `seed` affects results.

    Attributes:
        work: Folder that becomes the stage's artifact when the stage returns.
        scratch: Folder for the trainer's resume files. It survives a kill, and is removed when the stage is published.
        inputs: Published folder of every stage that this one needs, by its key.
        seed: Seed that is derived from the stage's names.
        device: "cpu" or "cuda".
        processes: Number of processes that share the stage, including this one.
        sharding: How they share the model's weights; None if each holds them whole.
        stop_requested: Function that the stage calls between steps. If it returns True, the stage saves a checkpoint
            and returns `StageResult(finished=False)`. All processes of a stage get the same answer.
        lenders: Evaluations whose completions are reused if item, prompt and seed are equal.
    """

    work: Path
    scratch: Path
    inputs: Mapping[str, Path]
    seed: int
    device: str
    reporter: Reporter
    stop_requested: Callable[[], bool] = lambda: False
    processes: int = 1
    sharding: Sharding | None = None
    lenders: tuple[Lender, ...] = ()

    @property
    def layout(self) -> str:
        """Mark of the resume states that these processes can read: their number, and how they share the weights."""
        return str(self.processes) if self.sharding is None else f"{self.processes} fsdp"


@dataclass(frozen=True)
class StoppedByAlarm:
    """An alarm that ended a training stage.

    Attributes:
        step: Step of the look that raised it.
        good_step: Step of the last checkpoint before the damage; 0 if it began before the first look.
        message: Description of the alarm.
    """

    step: int
    good_step: int
    message: str


@dataclass(frozen=True)
class StageResult:
    """The result of a stage, in addition to its files.

    Attributes:
        finished: False if the stage stopped on request and can be resumed.
        summary: Small JSON values for status and reports (steps, prompts, tokens, seconds by activity).
        alarm: Alarm that ended the stage before its last step; None for a complete stage.
    """

    finished: bool
    summary: Mapping[str, Any]
    alarm: StoppedByAlarm | None = None
