"""`science` for tiny models: conversions and formulas, such as "35km in m:" -> "35000m" and "m=4 a=3 F:" -> "12N"."""

from __future__ import annotations

import random

from xdomain.config.domain_verifier import TextVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question

CONVERSIONS: tuple[tuple[str, str, int], ...] = (
    ("km", "m", 1000),
    ("m", "cm", 100),
    ("cm", "mm", 10),
    ("kg", "g", 1000),
    ("g", "mg", 1000),
    ("L", "mL", 1000),
    ("kV", "V", 1000),
    ("A", "mA", 1000),
    ("kJ", "J", 1000),
    ("s", "ms", 1000),
    ("N", "mN", 1000),
    ("hPa", "Pa", 100),
)
"""Unit to convert from, unit to convert to, factor. Factors are exact by definition of the prefixes."""

FORMULAS: tuple[tuple[str, str, str, str], ...] = (
    ("F", "m", "a", "N"),
    ("U", "R", "I", "V"),
    ("s", "v", "t", "m"),
    ("Q", "I", "t", "C"),
    ("W", "F", "s", "J"),
    ("P", "U", "I", "W"),
)
"""Products: the quantity to compute, its two factors (in SI units), and its SI unit."""


class Quantities(Generator):
    """A generator of conversions and formulas.

    The level is the number of digits of an amount to convert. Factors of formulas stay below ten.
    """

    version = 1
    levels = range(3, 6)
    default_level = 3
    verifier: VerifierConfig = TextVerifier(kind="text", form=r"\d+[A-Za-z]{1,2}")

    def draw(self, rng: random.Random, level: int) -> Question:
        return self.draw_formula(rng) if rng.random() < 0.3 else self.draw_conversion(rng, level)

    @staticmethod
    def draw_conversion(rng: random.Random, level: int) -> Question:
        source, target, factor = rng.choice(CONVERSIONS)
        amount = rng.randrange(1, 10**level)
        gold = f"{amount * factor}{target}"
        return Question(f"{amount}{source} in {target}:", gold, gold)

    @staticmethod
    def draw_formula(rng: random.Random) -> Question:
        asked, first, second, unit = rng.choice(FORMULAS)
        a, b = rng.randrange(1, 10), rng.randrange(1, 10)
        gold = f"{a * b}{unit}"
        return Question(f"{first}={a} {second}={b} {asked}:", gold, gold)
