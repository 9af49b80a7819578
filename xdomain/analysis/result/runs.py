"""Results about single runs: their course, end checkpoints, cost, and the items that they changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from xdomain.analysis.matrix import Cell, ResultModel


class TrajectoryPoint(Cell):
    """Accuracy of one saved checkpoint."""

    total_steps: int
    """Optimizer steps since the base model."""
    phase: int
    """1-based phase; 0 is the base model."""
    phase_step: int
    """Optimizer steps inside the phase."""


class Trajectory(ResultModel):
    """Accuracy on one domain along one curriculum, including the base model and earlier phases."""

    curriculum: str
    domain: str
    phase_ends: tuple[int, ...]
    """Total steps at which each phase ends."""
    points: tuple[TrajectoryPoint, ...]


class RunEffort(ResultModel):
    """Amounts spent from the base model to the end of a run, as means over seeds. Null means not recorded."""

    steps: float | None = None
    prompts: float | None = None
    completion_tokens: float | None = None
    informative_groups: float | None = None
    """Prompt groups whose rewards differ. Only these contribute to the gradient."""
    seconds: float | None = None
    """Wall time of the training steps on the machine that ran them, including rollouts."""
    curriculum: str
    """Text of the curriculum without the strategy; for the base model and for compared models, the label."""
    strategy: str | None = None
    phases: tuple[str, ...] = ()
    """Phases of the curriculum; empty for the base model and for compared models."""
    parent: str | None = None
    """Label of the run that its last phase started from; null for the base model."""
    checkpoints: dict[str, str]
    """Checkpoint name, keyed by seed ("" for the base model and for compared models, which have none)."""


class EndCheckpoint(ResultModel):
    """One end checkpoint of a run. Amounts are counted from the base model; null means not recorded."""

    name: str
    run: str
    """Label of its run, a key of `AnalysisResult.effort`."""
    seed: int | None = None
    """Training seed; null for the base model."""
    accuracy: dict[str, Cell] = Field(default_factory=dict)
    """Accuracy, keyed by evaluated domain; intervals cover this checkpoint only."""
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
    """Text of the prompt, shortened in the middle if it is long; null if the domain's data is not available."""
    quoted_seed: int | None = None
    """Training seed of the checkpoints whose completions are quoted; null if there is only one."""
    gold: str | None = None
    completion_before: str | None = None
    """One sample, shortened. The text may be hostile, so it must be escaped."""
    completion_after: str | None = None
