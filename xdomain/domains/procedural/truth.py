"""`logic` for tiny models: truth values of a few small formulas, "T&F,!T|F,T^T" -> "FFF"."""

from __future__ import annotations

import random

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question


class Truth(Generator):
    """Level is the number of terms in each of the three formulas; operators are read from left to right."""

    version = 1
    levels = range(2, 7)
    default_level = 3
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"[TF]{3}")

    def draw(self, rng: random.Random, level: int) -> Question:
        formulas = [draw_formula(rng, level) for _ in range(3)]
        text = ",".join(formula for formula, _ in formulas)
        gold = "".join("T" if value else "F" for _, value in formulas)
        return Question(f"{text}:", gold, gold)


def draw_formula(rng: random.Random, terms: int) -> tuple[str, bool]:
    """A formula of `terms` literals and its value, evaluated from left to right."""
    text, value = draw_literal(rng)
    for _ in range(terms - 1):
        operator = rng.choice("&|^")
        literal, right = draw_literal(rng)
        text += operator + literal
        value = {"&": value and right, "|": value or right, "^": value != right}[operator]
    return text, value


def draw_literal(rng: random.Random) -> tuple[str, bool]:
    value, negated = rng.random() < 0.5, rng.random() < 0.25
    return ("!" if negated else "") + ("T" if value else "F"), value != negated
