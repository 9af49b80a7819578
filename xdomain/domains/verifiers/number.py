"""A number within a tolerance, with or without a unit."""

from __future__ import annotations

import math
import re

from xdomain.config.domain_verifier import NumberVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import NUMBER, extract
from xdomain.domains.verifiers.base import OneByOne

POWER_OF_TEN = re.compile(r"\s*(?:\\times|\\cdot|[x×*·])\s*10\s*\^?\s*\{?\s*([-+−]?\d{1,3})\s*\}?")
LATEX_WRAPPERS = re.compile(r"\\(?:text|mathrm|textbf|operatorname|rm|,|;|!|quad| )|[${}~]")


class NumberChecker(OneByOne):
    """Right if the answer's number is near the gold one; malformed if it has none, or lacks a demanded unit."""

    id = "number/1"

    def __init__(self, config: NumberVerifier) -> None:
        self.config = config

    def judge_one(self, item: Item, completion: str) -> Verdict:
        gold = read_quantity(item.gold)
        if gold is None:
            return Verdict.unscored("gold is no number")
        stated = extract(completion, self.config)
        quantity = None if stated is None else read_quantity(stated)
        if stated is None or quantity is None:
            return Verdict.malformed("no number")
        value, unit = quantity
        if self.config.unit == "required" and not unit:
            return Verdict.malformed("no unit")
        if not self.near(value, gold[0]):
            return Verdict.wrong("different number", stated)
        if self.config.unit == "required" and unit != gold[1]:
            return Verdict.wrong("different unit", stated)
        return Verdict.right("equal", stated)

    def near(self, value: float, gold: float) -> bool:
        return math.isclose(value, gold, rel_tol=self.config.relative_tolerance, abs_tol=self.config.absolute_tolerance)


def read_quantity(text: str) -> tuple[float, str] | None:
    r"""The first number of `text` and the unit after it ("" without one).

    "3.2 \times 10^{4}\,\text{m/s}" is (32000, "m/s"). The unit is what follows up to the end, without spaces,
    LaTeX wrappers and final punctuation.
    """
    plain = text.replace("−", "-").replace("{,}", ",")
    match = NUMBER.search(plain)
    if match is None:
        return None
    value = float(match.group(0).replace(",", ""))
    rest = plain[match.end() :]
    power = POWER_OF_TEN.match(rest)
    if power is not None:
        value *= float(f"1e{power.group(1)}")  # infinite where ** would raise
        rest = rest[power.end() :]
    unit = "".join(LATEX_WRAPPERS.sub("", rest).split()).rstrip(".,;:!")
    return (value, unit) if math.isfinite(value) else None
