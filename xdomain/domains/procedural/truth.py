"""`logic` for tiny models: truth values of formulas, read from left to right, such as "T&F|T^F,F|T&T^F:" -> "TT"."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question

FORMULAS = 2

OPERATORS: dict[str, Callable[[bool, bool], bool]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


class Truth(Generator):
    """A generator of pairs of formulas. The level is the number of literals in each of the two.

    "... & F" and "... | T" are decided by their last literal, other formulas by more literals, and "^" by all of them.
    So there is always something more to learn.
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
    """Return a formula and its value."""
    value = rng.random() < 0.5
    text = "FT"[value]
    for _ in range(literals - 1):
        symbol, right = rng.choice(tuple(OPERATORS)), rng.random() < 0.5
        text += symbol + "FT"[right]
        value = OPERATORS[symbol](value, right)
    return text, value
