"""The contract of a procedural generator."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xdomain.config.domain_verifier import VerifierConfig


@dataclass(frozen=True)
class Question:
    """One drawn question.

    Attributes:
        text: the question as the template's `question` field.
        gold: the reference answer.
        solution: a right completion in the demanded form.
        metadata: plain JSON that the verifier needs, as further fields.
    """

    text: str
    gold: str
    solution: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Generator(ABC):
    """Draws questions of one kind.

    Attributes:
        version: raised whenever the same draw would give another question.
        levels: difficulty levels that exist.
        default_level: the one used when none is asked for.
        verifier: how answers are judged, unless the experiment names another verifier.
        metadata: keys of every question's metadata.
    """

    version: int
    levels: range
    default_level: int
    verifier: VerifierConfig
    metadata: tuple[str, ...] = ()

    @abstractmethod
    def draw(self, rng: random.Random, level: int) -> Question:
        """A question of difficulty `level`, from `rng` alone."""
