"""Results about single runs: their course, their end checkpoints, their cost, and items that they changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from xdomain.analysis.matrix import Cell, ResultModel


class TrajectoryPoint(Cell):
    """Accuracy of one saved checkpoint."""

    total_steps: int
    """Optimizer steps since the base."""
    phase: int
    """1-based; 0 is the base."""
    phase_step: int
    """Optimizer steps inside the phase."""


class Trajectory(ResultModel):
    """Accuracy on one domain along one curriculum, base and earlier phases included."""

    curriculum: str
    domain: str
    phase_ends: tuple[int, ...]
    """Total steps at which each phase ends."""
    points: tuple[TrajectoryPoint, ...]


class RunEffort(ResultModel):
    """What was spent from the base to the end of a run; means over seeds. Null = not recorded."""

    steps: float | None = None
    prompts: float | None = None
    completion_tokens: float | None = None
    informative_groups: float | None = None
    """Prompt groups whose rewards were not all equal; only these carry gradient."""
    seconds: float | None = None
    """Wall time of the training steps, rollouts included, on the machine that ran them."""
    curriculum: str
    """Its text without the strategy; the label of the base and of a model by name."""
    strategy: str | None = None
    phases: tuple[str, ...] = ()
    """The phases of the curriculum; empty for the base and for a model by name."""
    parent: str | None = None
    """Label of the run that its last phase started from; null for the base."""
    checkpoints: dict[str, str]
    """Checkpoint name by seed ("" for the base and for a model by name, which have none)."""


class EndCheckpoint(ResultModel):
    """One end checkpoint of a run by itself; counts are from the base to it, null = not recorded."""

    name: str
    run: str
    """Label of its run, a key of `AnalysisResult.effort`."""
    seed: int | None = None
    """Null for the base."""
    accuracy: dict[str, Cell] = Field(default_factory=dict)
    """By evaluated domain; intervals speak of this checkpoint."""
    steps: int | None = None
    prompts: int | None = None
    completion_tokens: int | None = None
    informative_groups: int | None = None
    seconds: float | None = None
    """Wall time of the training steps, on the machine that ran them."""


class ItemChange(ResultModel):
    """One item that a phase gained or lost, for the item browser."""

    run: str
    parent: str
    domain: str
    item_id: str
    change: Literal["gained", "lost"]
    before: float
    """Mean score of the parent's samples, over seeds."""
    after: float
    prompt: str | None = None
    """What was asked, its middle left out where it is long; null where the domain's data is not here."""
    quoted_seed: int | None = None
    """Training seed of the checkpoints whose completions are quoted; null where there is but one."""
    gold: str | None = None
    completion_before: str | None = None
    """One sample, cut; hostile text: escape it."""
    completion_after: str | None = None
