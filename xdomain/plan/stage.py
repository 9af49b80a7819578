"""Stages: units of work, each with a key that is derived from everything that changes its numbers.

A stage has the same form from the plan to the worker: the dataclasses of this module are serialised unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.config.curriculum import Curriculum
from xdomain.config.domain import DomainConfig
from xdomain.config.evaluation import DomainEvaluation, EvaluationConfig
from xdomain.config.phases import Distill, Merge, MergeMethod, Phase
from xdomain.config.run_id import BASE_RUN, RunId
from xdomain.config.setups import entry_name
from xdomain.config.strategy import StrategyConfig
from xdomain.plan.stage_ref import CheckpointRef, StageKind, StageRef, TaskGroup

__all__ = [
    "BaseStage", "CheckpointRef", "EvaluateStage", "MergeStage", "PhaseStage", "Purpose", "StageKind", "StageRef",
    "StageSpec", "TaggedStage", "TaskGroup", "TrainStage",
]  # fmt: skip


class Purpose(StrEnum):
    """The purpose of an evaluation."""

    REPORT = "report"
    """A number in the report, measured on the items of `evaluation.split`."""
    PASS_RATE = "pass_rate"  # noqa: S105 -- no password
    """The order of a self-paced phase, measured on training items; not part of the report."""


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
        assert not isinstance(phase, Merge)
        return phase

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, self.steps)

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        return tuple(CheckpointRef(self.key, step) for step in self.checkpoint_steps)


@dataclass(frozen=True, kw_only=True)
class MergeStage(StageRef):
    """The merge of several checkpoints for one seed, as the first phase of a curriculum.

    Attributes:
        payload: Content that the key is computed from; it is only hashed and stored.
        curriculum: The merge as a curriculum of one phase.
        run: Name of the stage in reports. Its strategy is joint if no strategy has acted on a merged curriculum.
        seed: Training seed of the merged curricula.
        inputs: Merged checkpoints, in the order of the merge's arguments.
        weights: Weight of each input's task vector.
        method: Method of merging.
        density: Share of each task vector's entries that a sparse method keeps; None for `linear`.
        base: The base model, which task vectors are differences from.
    """

    kind: Literal[StageKind.MERGE] = StageKind.MERGE
    payload: Mapping[str, Any]
    curriculum: Curriculum
    run: RunId
    seed: int
    inputs: tuple[CheckpointRef, ...]
    weights: tuple[float, ...]
    method: MergeMethod
    density: float | None
    base: CheckpointRef

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Keys of the stages whose artifacts this stage reads: inputs, base."""
        return tuple(dict.fromkeys(ref.stage for ref in self.checkpoints_read))

    @property
    def checkpoints_read(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose weights this stage reads: inputs, base."""
        return tuple(dict.fromkeys([*self.inputs, self.base]))

    @property
    def made_from(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose training this stage uses: the inputs."""
        return self.inputs

    @property
    def parent_run(self) -> RunId:
        """Run that the stage starts from in reports: the base model."""
        return BASE_RUN

    @property
    def steps(self) -> int:
        """Optimizer steps of this phase: none."""
        return 0

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, 0)

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        return (self.end,)


@dataclass(frozen=True, kw_only=True)
class EvaluateStage(StageRef):
    """One checkpoint on one domain.

    Attributes:
        payload: Content that the key is computed from; it is only hashed and stored.
        checkpoint: Evaluated checkpoint.
        checkpoint_title: Title of that checkpoint: "base", or "math, seed 0 step 40".
        domain_entry: Entry of `domains` that names or describes the domain.
        settings: Evaluation settings.
        purpose: Purpose of the evaluation.
        rescored: True if stored completions are judged and nothing is generated.
        base: The base model, whose tokenizer is used for a rescored checkpoint that `grid gc` freed; else None.
        trained_under: Verifiers that the checkpoint was trained under, in words, keyed by domain; only if it is
            rescored.
    """

    kind: Literal[StageKind.EVALUATE] = StageKind.EVALUATE
    payload: Mapping[str, Any]
    checkpoint: CheckpointRef
    checkpoint_title: str
    domain_entry: str | DomainConfig
    settings: EvaluationConfig
    purpose: Purpose = Purpose.REPORT
    rescored: bool = False
    base: CheckpointRef | None = None
    trained_under: Mapping[str, list[str]] = field(default_factory=dict)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Keys of the stages whose artifacts this stage reads: the checkpoint's, and the base of a rescored one."""
        refs = [self.checkpoint] if self.base is None else [self.checkpoint, self.base]
        return tuple(dict.fromkeys(ref.stage for ref in refs))

    @cached_property
    def task_group(self) -> TaskGroup | None:
        """The checkpoint and its engine's settings, because one task loads it once for all evaluations of the report.

        Items and sampling may differ by domain. A measurement of pass rates is a task by itself, because training
        waits for it.
        """
        if self.purpose is not Purpose.REPORT:
            return None
        return self.checkpoint, self.settings.model_dump_json(exclude=set(DomainEvaluation.model_fields))

    @property
    def evaluated(self) -> str:
        """Name of the evaluated checkpoint."""
        return self.checkpoint.name

    @property
    def domain(self) -> str:
        """Name of the domain."""
        return entry_name(self.domain_entry)

    @property
    def checkpoints_read(self) -> tuple[CheckpointRef, ...]:
        """Checkpoints whose weights this stage reads: none if it only rescores."""
        return () if self.rescored else (self.checkpoint,)

    @property
    def seed(self) -> int:
        """Seed that draws items and samples."""
        return self.settings.seed

    @property
    def split(self) -> str:
        """Split that the items are drawn from."""
        return "train" if self.purpose is Purpose.PASS_RATE else self.settings.split


PhaseStage = TrainStage | MergeStage
"""A stage that runs one phase of a curriculum."""
StageSpec = BaseStage | TrainStage | MergeStage | EvaluateStage
"""A stage of a plan."""
TaggedStage = Annotated[StageSpec, Field(discriminator="kind")]
"""`StageSpec` as pydantic reads it from JSON."""
