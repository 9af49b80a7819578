"""Input of a diagnosis: checkpoints and stored answers, which the caller finds in a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xdomain.domains.base import Item

Watch = Callable[[str, int, int], None]
"""Callback for progress: the part that is measured, and how much of it is done, of how much."""


@dataclass(frozen=True)
class StageFiles:
    """The checkpoints before and after a stage.

    Attributes:
        title: Title of the checkpoint after the stage.
        parent_title: Title of the checkpoint that it started from.
        end: Folder of the checkpoint after the stage.
        parent: Folder of the checkpoint that it started from.
    """

    title: str
    parent_title: str
    end: Path
    parent: Path


@dataclass(frozen=True)
class StoredAnswer:
    """A stored completion.

    Attributes:
        item: The item that it answers.
        prompt_hash: Digest of the prompt that the model got.
        completion: Text of the completion.
        ended: Whether the end token follows the text.
    """

    item: Item
    prompt_hash: str
    completion: str
    ended: bool


@dataclass(frozen=True)
class DomainAnswers:
    """Stored answers of a stage's parent and end on one domain.

    Attributes:
        domain: Name of the domain.
        accuracy_before: Mean score of the parent's completions; None if none has a score.
        accuracy_after: Mean score of the end's completions; None if there are none.
        right: Right completions of the parent.
        sampled: Completions of the end; () if there are none.
        temperature: Temperature at which completions were drawn.
    """

    domain: str
    accuracy_before: float | None
    accuracy_after: float | None
    right: tuple[StoredAnswer, ...]
    sampled: tuple[StoredAnswer, ...]
    temperature: float
