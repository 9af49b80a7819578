"""What the worker gives a stage and gets back. `train` and `evaluate` know the store only through these paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xdomain.core.states import NoteKind


class Reporter(Protocol):
    """Where a running stage tells how far it is; calls are cheap and never raise."""

    def progress(self, done: int, total: int, **values: Any) -> None:
        """Report `done` of `total` (optimizer steps, or items), with a few current values."""

    def event(self, kind: NoteKind, **values: Any) -> None:
        """Report something that happened."""


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
        cpu_offload: Whether they lie in the CPU's memory while they are not used.
        reshard_after_forward: Whether a layer's gathered weights are dropped between its forward and backward pass.
        layers: Names of the classes whose instances are gathered one at a time; () for those that the model names.
    """

    cpu_offload: bool = False
    reshard_after_forward: bool = True
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageContext:
    """The surroundings of one running stage; none of it changes numbers but `seed`.

    Attributes:
        work: folder that becomes the stage's artifact when the stage returns.
        scratch: folder for the trainer's resume files; survives a kill, goes when the stage is published.
        inputs: published folder of every stage that this one needs, by its key.
        seed: derived from the stage's names.
        device: "cpu" or "cuda".
        processes: how many share the stage; this is one of them.
        sharding: How they share its weights; None if each holds them whole.
        stop_requested: asked between steps; True means: save a checkpoint and return `StageResult(finished=False)`.
            All processes of a stage get the same answer.
        lenders: Evaluations whose completions are reused where item, prompt and seed agree.
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
class StageResult:
    """What a stage leaves beside its files.

    Attributes:
        finished: False if it stopped on request and can be resumed.
        summary: small JSON values for status and reports (steps, prompts, tokens, seconds by activity).
    """

    finished: bool
    summary: Mapping[str, Any]
