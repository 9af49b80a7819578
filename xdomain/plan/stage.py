"""A stage: one unit of work with an address that follows from everything that changes its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from xdomain.config.curriculum import Curriculum
from xdomain.config.run_id import RunId
from xdomain.config.strategy import StrategyConfig


class StageKind(StrEnum):
    BASE = "base"
    TRAIN = "train"
    EVALUATE = "evaluate"


@dataclass(frozen=True)
class CheckpointRef:
    """A checkpoint: the stage that leaves it and the optimizer step inside that stage (0 for a base)."""

    stage: str
    step: int

    @property
    def name(self) -> str:
        """As it stands in the records' `checkpoint` column."""
        return f"{self.stage}@{self.step}"


@dataclass(frozen=True)
class Stage:
    """One node of the plan.

    Attributes:
        kind: base, train or evaluate.
        key: 64 hex digits, the fingerprint of `payload`.
        title: for people: "math -> science, seed 0, phase 2", unique enough to pick a log by.
        payload: what the key was made of.
        needs: keys of the stages whose artifacts it reads, the parent first.
        filed_as: the title that its folder is named by, where people are shown another one.
    """

    kind: StageKind
    key: str
    title: str
    payload: Mapping[str, Any]
    needs: tuple[str, ...]
    filed_as: str | None = field(default=None, kw_only=True)

    @cached_property
    def folder(self) -> str:
        """Folder name in the store: "<kind>-<slug>-<16 hex>"."""
        title = (self.filed_as or self.title).lower().replace("->", "to")
        slug = re.sub(r"[^a-z0-9]+", "-", title).strip("-")[:60].rstrip("-")
        return f"{self.kind}-{slug}-{self.key[:16]}"


@dataclass(frozen=True)
class BaseStage(Stage):
    """Prepare the model that every curriculum starts from."""

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, 0)


@dataclass(frozen=True)
class TrainStage(Stage):
    """One phase of a curriculum for one seed.

    Attributes:
        curriculum: all phases up to and with this one.
        run: what reports call it: its curriculum shows steps ("math@60") where the prefix is not the run of that name,
            and its strategy is joint where none acted on a phase so far.
        parent_run: run of the stage it continues from, the base for a first phase.
        phase_index: 0-based.
        steps: optimizer steps of this phase.
        seed: the training seed.
        offsets: prompts of each domain that earlier phases consumed from the seed's queue.
        checkpoint_steps: steps whose checkpoints are kept and evaluated, the end last.
        strategy_config: what this phase is trained with; joint where the run's strategy does not act on it.
        lineage: the base's and every earlier phase's end, first to last; only where the strategy asks for history.
        pass_rates: for each domain of a self-paced phase the stage that measured its items; {} where it is shuffled.
    """

    curriculum: Curriculum
    run: RunId
    parent_run: RunId
    phase_index: int
    steps: int
    seed: int
    offsets: Mapping[str, int]
    checkpoint_steps: tuple[int, ...]
    strategy_config: StrategyConfig
    lineage: tuple[CheckpointRef, ...]
    pass_rates: Mapping[str, str]

    @property
    def parent(self) -> str:
        return self.needs[0]

    @property
    def end(self) -> CheckpointRef:
        return CheckpointRef(self.key, self.steps)

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        return tuple(CheckpointRef(self.key, step) for step in self.checkpoint_steps)


@dataclass(frozen=True)
class EvaluateStage(Stage):
    """One checkpoint on one domain.

    Attributes:
        rescored: If true, stored completions are judged and nothing is generated. The last of `needs` is the base
            model's stage.
        trained_under: Verifiers that the checkpoint was trained under, in words by domain; only if `rescored`.
    """

    checkpoint: CheckpointRef
    domain: str
    rescored: bool = field(default=False, kw_only=True)
    trained_under: Mapping[str, list[str]] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class PassRateStage(Stage):
    """The base on train items of one domain, which self-paced phases are ordered by; no part of the report."""

    checkpoint: CheckpointRef
    domain: str
