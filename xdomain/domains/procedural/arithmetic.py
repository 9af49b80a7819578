"""`math` for tiny models: sums and differences in columns, such as "352+406=" -> "758" and "758-406=" -> "352"."""

from __future__ import annotations

import random

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question


class Arithmetic(Generator):
    """A generator of sums and differences. The level is the number of columns.

    All columns are written. No column carries or borrows, and some only copy a digit.
    """

    version = 1
    levels = range(3, 8)
    default_level = 3
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"\d{1,7}")

    def draw(self, rng: random.Random, level: int) -> Question:
        first, second, total = "", "", ""
        for _ in range(level):
            column = rng.randrange(10)
            part = 0 if rng.random() < 0.4 else rng.randint(0, column)
            first, second, total = f"{first}{column - part}", f"{second}{part}", f"{total}{column}"
        if rng.random() < 0.5:
            return Question(f"{first}+{second}=", total, total)
        return Question(f"{total}-{second}=", first, first)
