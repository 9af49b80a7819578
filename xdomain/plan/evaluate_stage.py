"""Stages that evaluate a checkpoint on a domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from xdomain.config.domain import DomainConfig
from xdomain.config.evaluation import DomainEvaluation, EvaluationConfig
from xdomain.config.setups import entry_name
from xdomain.plan.stage_ref import CheckpointRef, StageKind, StageRef, TaskGroup


class Purpose(StrEnum):
    """The purpose of an evaluation."""

    REPORT = "report"
    """A number in the report, measured on the items of `evaluation.split`."""
    PASS_RATE = "pass_rate"  # noqa: S105 -- no password
    """The order of a self-paced phase, measured on training items; not part of the report."""
    REPAIR = "repair"
    """The right answers of a rollback's target on training items; not part of the report."""


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
        return self.settings.split if self.purpose is Purpose.REPORT else "train"
