"""`logic` for tiny models: truth values of formulas, read from left to right, "T&F|T|F,F|T&T&F:" -> "TF"."""

from __future__ import annotations

import random

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question

FORMULAS = 2


class Truth(Generator):
    """Level is the number of literals in each of the two formulas.

    The last operator alone decides half of all formulas ("... & F"), the last two three quarters, and so on: there
    is always a next thing to learn.
    """

    version = 1
    levels = range(4, 8)
    default_level = 4
    verifier: VerifierConfig = TextVerifier(kind="text", form=rf"[TF]{{{FORMULAS}}}")

    def draw(self, rng: random.Random, level: int) -> Question:
        formulas = [draw_formula(rng, level) for _ in range(FORMULAS)]
        gold = "".join("FT"[value] for _, value in formulas)
        return Question(f"{','.join(text for text, _ in formulas)}:", gold, gold)


def draw_formula(rng: random.Random, literals: int) -> tuple[str, bool]:
    """A formula and its value."""
    value = rng.random() < 0.5
    text = "FT"[value]
    for _ in range(literals - 1):
        operator, right = rng.choice("&|"), rng.random() < 0.5
        text += operator + "FT"[right]
        value = (value and right) if operator == "&" else (value or right)
    return text, value
