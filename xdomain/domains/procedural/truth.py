"""`logic` for tiny models: truth values of a few formulas, "T&F,F|T,T>F,F=F:" -> "FTFT"."""

from __future__ import annotations

import random
from collections.abc import Callable

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question

OPERATORS: dict[str, Callable[[bool, bool], bool]] = {
    "&": lambda left, right: left and right,
    "|": lambda left, right: left or right,
    ">": lambda left, right: not left or right,
}


class Truth(Generator):
    """Level is the number of formulas, each of two literals and one operator."""

    version = 1
    levels = range(4, 9)
    default_level = 4
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"[TF]{4,8}")

    def draw(self, rng: random.Random, level: int) -> Question:
        formulas: list[str] = []
        gold = ""
        for _ in range(level):
            left, right, operator = rng.random() < 0.5, rng.random() < 0.5, rng.choice(tuple(OPERATORS))
            formulas.append(f"{'FT'[left]}{operator}{'FT'[right]}")
            gold += "FT"[OPERATORS[operator](left, right)]
        return Question(f"{','.join(formulas)}:", gold, gold)
