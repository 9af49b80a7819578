"""Verifier of quantities within a tolerance, with or without a unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from xdomain.config.domain_verifier import NumberVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import OneByOne
from xdomain.domains.verifiers.quantity import read_quantity

DEFAULT_TOLERANCE = Fraction(1, 10**6)
"""Relative tolerance for golds that are not whole numbers."""


class NumberChecker(OneByOne):
    """A verifier of numbers.

    An answer is right if its number is near the gold. It is malformed if it does not state a single number, or lacks a
    demanded unit. A gold that is a whole number must be met exactly unless the configuration sets a tolerance.
    """

    id = "number/2"

    def __init__(self, config: NumberVerifier) -> None:
        self.config = config
        relative = config.relative_tolerance
        self.relative = None if relative is None else Fraction(str(relative))
        self.absolute = Fraction(str(config.absolute_tolerance))

    def judge_one(self, item: Item, completion: str) -> Verdict:
        gold = read_gold(item.gold)
        if gold is None:
            return Verdict.unscored("gold is no number")
        stated = extract(completion, self.config, starts=states_number)
        quantity = None if stated is None else read_quantity(stated)
        if stated is None or quantity is None:
            return Verdict.malformed("no single number")
        if self.config.unit == "required" and not quantity.unit:
            return Verdict.malformed("no unit")
        values = (quantity.value, quantity.value if quantity.exact is None else quantity.exact)
        if not any(self.near(value, gold.value) for value in values):
            return Verdict.wrong("different number", stated)
        if self.config.unit == "required" and quantity.unit != gold.unit:
            return Verdict.wrong("different unit", stated)
        return Verdict.right("equal", stated)

    def near(self, value: Fraction, gold: Fraction) -> bool:
        if value == gold:
            return True
        relative = self.relative
        if relative is None:
            relative = DEFAULT_TOLERANCE if gold.denominator > 1 else Fraction(0)
        return abs(value - gold) <= max(relative * max(abs(value), abs(gold)), self.absolute)

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if read_gold(item.gold) is None]


read_gold = lru_cache(maxsize=10_000)(read_quantity)


STARTS_NUMBER = re.compile(
    r"(?:either|both|between|from|about|approximately|around|roughly|exactly|just|only|the|that|it is)?"
    r"[\s\W]*(?:[A-Za-z]\w?\s*=\s*)?\W{0,8}(?:text\W)?\W{0,4}(?:d|t)?(?:frac\W)?\d",
    re.I,
)


def states_number(text: str) -> bool:
    """Return whether `text` is a number or begins with digits that are part of an answer, such as "5 or 6"."""
    return read_quantity(text) is not None or STARTS_NUMBER.match(text) is not None
