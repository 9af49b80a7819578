"""`puzzle` for tiny models: letters to be sorted, such as "qbxa>" -> "abqx"."""

from __future__ import annotations

import random
import string

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question


class Letters(Generator):
    """A generator of letters to be sorted. The level is the largest number of letters; the smallest is three fewer."""

    version = 1
    levels = range(5, 9)
    default_level = 6
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"[a-z]{2,8}")

    def draw(self, rng: random.Random, level: int) -> Question:
        letters = rng.choices(string.ascii_lowercase, k=rng.randint(level - 3, level))
        gold = "".join(sorted(letters))
        return Question(f"{''.join(letters)}>", gold, gold)
