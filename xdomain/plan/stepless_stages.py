"""Stages that make a checkpoint from others without training: merges and rollbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from xdomain.config.curriculum import Curriculum
from xdomain.config.phases import MergeMethod, RollbackMethod
from xdomain.config.run_id import BASE_RUN, RunId
from xdomain.plan.evaluate_stage import EvaluateStage
from xdomain.plan.stage_ref import CheckpointRef, StageKind, StageRef


@dataclass(frozen=True, kw_only=True)
class SteplessStage(StageRef):
    """A stage without training steps, as the first phase of a curriculum, for one seed.

    Attributes:
        payload: Content that the key is computed from; it is only hashed and stored.
        curriculum: The phase as a curriculum.
        run: Name of the stage in reports. Its strategy is joint if no strategy has acted on a curriculum inside.
        seed: Training seed of the curricula inside.
        inputs: Checkpoints that it is made of.
        base: The base model.
        dev: Evaluations of another checkpoint on dev items, as models of those of the candidates; () if nothing is
            chosen on dev items.
    """

    payload: Mapping[str, Any]
    curriculum: Curriculum
    run: RunId
    seed: int
    inputs: tuple[CheckpointRef, ...]
    base: CheckpointRef
    dev: tuple[EvaluateStage, ...] = ()

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
class MergeStage(SteplessStage):
    """The merge of several checkpoints. `inputs` are in the order of the merge's arguments.

    Attributes:
        weights: Weight of each input's task vector. With `dev`, a chosen scale multiplies all of them.
        method: Method of merging.
        density: Share of each task vector's entries that a sparse method keeps; None for `linear`.
    """

    kind: Literal[StageKind.MERGE] = StageKind.MERGE
    weights: tuple[float, ...]
    method: MergeMethod
    density: float | None

    @property
    def parent_run(self) -> RunId:
        """Run that the stage starts from in reports: the base model."""
        return BASE_RUN


@dataclass(frozen=True, kw_only=True)
class RollbackStage(SteplessStage):
    """A checkpoint with a share of its entries reset to an earlier one. `inputs` are these two checkpoints.

    Attributes:
        parent_run: Run whose end is repaired.
        share: Share of all entries that are reset; None to choose it on dev items.
        method: Way in which the entries are chosen.
        points: Number of points of the integrated gradients.
        answers: Evaluation whose right completions the integrated gradients are computed on; None for random entries.
    """

    kind: Literal[StageKind.ROLLBACK] = StageKind.ROLLBACK
    parent_run: RunId
    share: float | None
    method: RollbackMethod
    points: int
    answers: EvaluateStage | None

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Keys of the stages whose artifacts this stage reads: inputs, answers, base."""
        answers = [] if self.answers is None else [self.answers.key]
        return tuple(dict.fromkeys([*(ref.stage for ref in self.inputs), *answers, self.base.stage]))
