"""Names of stages and checkpoints: what a store knows about a stage that no plan describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class StageKind(StrEnum):
    BASE = "base"
    TRAIN = "train"
    MERGE = "merge"
    ROLLBACK = "rollback"
    EVALUATE = "evaluate"


@dataclass(frozen=True)
class CheckpointRef:
    """A checkpoint: the stage that produces it, and the optimizer step inside that stage (0 for a base model)."""

    stage: str
    step: int

    @property
    def name(self) -> str:
        """Value of the records' `checkpoint` column."""
        return f"{self.stage}@{self.step}"


TaskGroup = tuple[CheckpointRef, str]
"""A checkpoint, and the settings that all of its evaluations share, as JSON."""


@dataclass(frozen=True, kw_only=True)
class StageRef:
    """The identity of a stage, which is enough to find its files in a store.

    Attributes:
        kind: Kind of the stage.
        key: Fingerprint of everything that changes the stage's numbers, 64 hex digits.
        title: Name for people, such as "math -> science, seed 0"; unique enough to find a log by.
        filed_as: Title that the stage's folder is named by, if it differs from `title`.
    """

    kind: StageKind
    key: str
    title: str
    filed_as: str | None = None

    @property
    def task_group(self) -> TaskGroup | None:
        """Common properties of all stages of one task; None for a stage that is a task by itself."""
        return None

    @property
    def evaluated(self) -> str | None:
        """Name of the checkpoint that an evaluation queries; None for other stages."""
        return None

    @cached_property
    def folder(self) -> str:
        """Folder name in the store: "<kind>-<slug>-<16 hex>"."""
        title = (self.filed_as or self.title).lower().replace("->", "to")
        slug = re.sub(r"[^a-z0-9]+", "-", title).strip("-")[:60].rstrip("-")
        return f"{self.kind}-{slug}-{self.key[:16]}"
