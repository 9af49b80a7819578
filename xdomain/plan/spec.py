"""What a worker reads: plain JSON that says everything about the stages of one task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from xdomain.config.curriculum import Curriculum, Phase
from xdomain.config.experiment import Experiment
from xdomain.config.model_base import ConfigModel
from xdomain.config.strategy import JointConfig, StrategyConfig
from xdomain.plan.stage import BaseStage, EvaluateStage, PassRateStage, Stage, TrainStage


class BaseSpec(ConfigModel):
    """Prepare the base model."""

    kind: Literal["base"] = "base"
    key: str


class TrainSpec(ConfigModel):
    """Train one phase from its parent's end."""

    kind: Literal["train"] = "train"
    key: str
    parent: str
    parent_step: int
    base: str
    curriculum: Curriculum
    """All phases up to and with the one to train, the last."""
    steps: int
    seed: int
    offsets: dict[str, int]
    checkpoint_steps: tuple[int, ...]
    strategy: StrategyConfig = JointConfig()
    lineage: tuple[tuple[str, int], ...] = ()
    """Stage and step of the base's and every earlier phase's end, for a strategy that asks for history."""

    pass_rates: dict[str, str] = Field(default_factory=dict)
    """For each domain of a self-paced phase the stage that measured its items."""

    @property
    def phase(self) -> Phase:
        return self.curriculum.phases[-1]


class EvaluateSpec(ConfigModel):
    """Evaluate one checkpoint on one domain."""

    kind: Literal["evaluate"] = "evaluate"
    key: str
    checkpoint_stage: str
    checkpoint_step: int
    domain: str
    of: Literal["evaluation", "pass_rate"] = "evaluation"
    """What it is measured for: the experiment's `evaluation`, or `training.self_paced`."""
    rescored: bool = False
    """If true, stored completions are judged and nothing is generated."""
    trained_under: dict[str, list[str]] = Field(default_factory=dict)
    """See `EvaluateStage`."""


StageSpec = Annotated[BaseSpec | TrainSpec | EvaluateSpec, Field(discriminator="kind")]


class TaskSpec(ConfigModel):
    """One process's work: one base or train stage, or the evaluations of one checkpoint."""

    experiment: Experiment
    stages: tuple[StageSpec, ...]


def stage_spec(stage: Stage, stages: dict[str, Stage]) -> BaseSpec | TrainSpec | EvaluateSpec:
    """The spec of one stage of a plan."""
    if isinstance(stage, TrainStage):
        parent = stages[stage.parent]
        return TrainSpec(
            key=stage.key,
            parent=stage.parent,
            parent_step=parent.steps if isinstance(parent, TrainStage) else 0,
            base=next(need for need in stage.needs if isinstance(stages[need], BaseStage)),
            curriculum=stage.curriculum,
            steps=stage.steps,
            seed=stage.seed,
            offsets=dict(stage.offsets),
            checkpoint_steps=stage.checkpoint_steps,
            strategy=stage.strategy_config,
            lineage=tuple((ref.stage, ref.step) for ref in stage.lineage),
            pass_rates=dict(stage.pass_rates),
        )
    if isinstance(stage, EvaluateStage | PassRateStage):
        return EvaluateSpec(
            key=stage.key,
            checkpoint_stage=stage.checkpoint.stage,
            checkpoint_step=stage.checkpoint.step,
            domain=stage.domain,
            of="pass_rate" if isinstance(stage, PassRateStage) else "evaluation",
            rescored=isinstance(stage, EvaluateStage) and stage.rescored,
            trained_under=dict(stage.trained_under) if isinstance(stage, EvaluateStage) else {},
        )
    return BaseSpec(key=stage.key)
