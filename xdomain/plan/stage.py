"""Stages: units of work, each with a key that is derived from everything that changes its numbers.

A stage has the same form from the plan to the worker: these dataclasses are serialised unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.config.curriculum import Curriculum
from xdomain.config.phases import Distill, Phase, Stepless
from xdomain.config.run_id import RunId
from xdomain.config.strategy import StrategyConfig
from xdomain.plan.evaluate_stage import EvaluateStage, Purpose
from xdomain.plan.stage_ref import CheckpointRef, StageKind, StageRef, TaskGroup
from xdomain.plan.stepless_stages import MergeStage, RollbackStage, SteplessStage

__all__ = [
    "BaseStage", "CheckpointRef", "EvaluateStage", "MergeStage", "PhaseStage", "Purpose", "RollbackStage", "StageKind",
    "StageRef", "StageSpec", "SteplessStage", "TaggedStage", "TaskGroup", "TrainStage",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BaseStage(StageRef):
    """A stage that prepares the model that every curriculum starts from.

    Attributes:
        payload: Content that the key is computed from; it is only hashed and stored.
        seed: Seed of the warm-up; None without a warm-up.
    """

    kind: Literal[StageKind.BASE] = StageKind.BASE
    payload: Mapping[str, Any]
    seed: int | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the stages whose artifacts this stage reads: none."""
        return ()

    @property
    def checkpoints_read(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose weights this stage reads: none."""
        return ()

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, 0)


@dataclass(frozen=True, kw_only=True)
class TrainStage(StageRef):
    """One phase of a curriculum for one seed.

    Attributes:
        payload: Content that the key is computed from; it is only hashed and stored.
        curriculum: All phases up to and including this one.
        run: Name of the stage in reports. Its curriculum shows steps ("math@60") if the prefix is not the run of that
            name. Its strategy is joint if no strategy has acted on a phase so far.
        parent_run: Run of the stage that this one continues; the base model for a first phase.
        phase_index: Index of the phase in its curriculum, from 0.
        steps: Optimizer steps of this phase.
        seed: Training seed.
        strategy_config: Strategy that trains this phase; joint if the run's strategy does not act on it.
        offsets: Number of prompts that earlier phases consumed from the seed's queue, keyed by domain.
        checkpoint_steps: Steps whose checkpoints are kept and evaluated, the end last.
        parent: Checkpoint that the phase starts from.
        base: The base model.
        lineage: Checkpoints of the base model and of the end of each earlier phase, first to last; only for a strategy
            that uses history.
        pass_rates: Key of the stage that measured the items of each domain of a self-paced phase; else empty.
        adopted: Checkpoints from elsewhere that are used instead of training; empty if the stage is trained.
        teachers: Checkpoint that teaches each domain of a distillation; empty for a stage that learns from rewards.
    """

    kind: Literal[StageKind.TRAIN] = StageKind.TRAIN
    payload: Mapping[str, Any]
    curriculum: Curriculum
    run: RunId
    parent_run: RunId
    phase_index: int
    steps: int
    seed: int
    strategy_config: StrategyConfig
    offsets: Mapping[str, int]
    checkpoint_steps: tuple[int, ...]
    parent: CheckpointRef
    base: CheckpointRef
    lineage: tuple[CheckpointRef, ...] = ()
    pass_rates: Mapping[str, str] = field(default_factory=dict)
    adopted: tuple[AdoptedCheckpoint, ...] = ()
    teachers: Mapping[str, CheckpointRef] = field(default_factory=dict)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Keys of the stages whose artifacts this stage reads: parent, earlier phases, teachers, pass rates, base."""
        history = [ref.stage for ref in (*self.lineage[1:], *self.teachers.values())]
        return tuple(dict.fromkeys([self.parent.stage, *history, *self.pass_rates.values(), self.base.stage]))

    @property
    def checkpoints_read(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose weights this stage reads: parent, earlier phases, teachers, base."""
        return tuple(dict.fromkeys([self.parent, *self.lineage[1:], *self.teachers.values(), self.base]))

    @property
    def made_from(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose training this stage continues or uses: parent, teachers."""
        return tuple(dict.fromkeys([self.parent, *self.teachers.values()]))

    @property
    def phase(self) -> Phase | Distill:
        phase = self.curriculum.phases[-1]
        assert not isinstance(phase, Stepless)
        return phase

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, self.steps)

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        return tuple(CheckpointRef(self.key, step) for step in self.checkpoint_steps)


PhaseStage = TrainStage | MergeStage | RollbackStage
"""A stage that runs one phase of a curriculum."""
StageSpec = BaseStage | EvaluateStage | PhaseStage
"""A stage of a plan."""
TaggedStage = Annotated[StageSpec, Field(discriminator="kind")]
"""`StageSpec` as pydantic reads it from JSON."""
