"""`math` for tiny models: sums of whole numbers in columns, "352+416=" -> "768"."""

from __future__ import annotations

import random

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question


class Arithmetic(Generator):
    """Level is the number of columns; no column carries, so every digit of the answer depends on two digits."""

    version = 1
    levels = range(3, 8)
    default_level = 3
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"\d{1,7}")

    def draw(self, rng: random.Random, level: int) -> Question:
        first, second = 0, 0
        columns = rng.randint(2, level)
        for _ in range(columns):
            total = rng.randrange(10)
            left = rng.randint(0, total)
            first, second = 10 * first + left, 10 * second + total - left
        gold = str(first + second)
        return Question(f"{first}+{second}=", gold, gold)
