"""Problems as topics provide them, with a value, a unit, and the values that plausible errors would give."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        text: The question, which names the unit of the answer.
        value: The answer in that unit.
        errors: Values that plausible errors would give (a forgotten square, an inverted ratio, Celsius for kelvin).
    """

    text: str
    value: float
    errors: tuple[float, ...]


Maker = Callable[[random.Random], Problem]


@dataclass(frozen=True)
class Kind:
    """A function that draws problems, with their level: 1 is one formula, 2 rearranged or converted, 3 two steps."""

    level: int
    make: Maker


def pick(rng: random.Random, low: float, high: float, step: float = 1.0) -> float:
    """Return a round number from `low` to `high` inclusive, on a grid of `step` (a power of ten or a part of one)."""
    steps = round((high - low) / step)
    return round(low + step * rng.randint(0, steps), 6)


def show(value: float) -> str:
    """Return four significant digits, without an exponent if that is short: "0.0125", "1234", "6.022e+23"."""
    text = f"{value:.4g}"
    if "e" in text and 1e-6 < abs(value) < 1e9:
        text = f"{float(text):f}".rstrip("0").rstrip(".")
    return text
