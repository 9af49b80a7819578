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
        text: Text of the question, which templates get as `question`.
        gold: Gold answer.
        solution: A right completion in the demanded form.
        metadata: Plain JSON that the verifier needs, as further fields.
    """

    text: str
    gold: str
    solution: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Generator(ABC):
    """A generator of questions of one kind.

    Attributes:
        version: Version that is raised whenever the same draw would give another question.
        levels: Difficulty levels that exist.
        default_level: Level that is used by default.
        verifier: Verifier that judges answers, unless the experiment names another.
        metadata: Keys of every question's metadata.
    """

    version: int
    levels: range
    default_level: int
    verifier: VerifierConfig
    metadata: tuple[str, ...] = ()

    @abstractmethod
    def draw(self, rng: random.Random, level: int) -> Question:
        """Return a question of difficulty `level`. It depends on nothing but `rng` and `level`."""
