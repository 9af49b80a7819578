"""Unit conversions and one-step formulas."""

from __future__ import annotations

import random
import re

from xdomain.domains.procedural.quantities import CONVERSIONS, FORMULAS, Quantities

FACTORS = {(source, target): factor for source, target, factor in CONVERSIONS}
UNITS = {(first, second, asked): unit for asked, first, second, unit in FORMULAS}


def test_conversions() -> None:
    rng = random.Random(1)
    for _ in range(100):
        question = Quantities.draw_conversion(rng, 3)
        found = re.fullmatch(r"(\d+)(\w+) in (\w+):", question.text)
        assert found is not None
        amount, source, target = found.groups()
        assert question.gold == f"{int(amount) * FACTORS[source, target]}{target}"
        assert 1 <= int(amount) < 1000


def test_formulas() -> None:
    rng = random.Random(1)
    for _ in range(100):
        question = Quantities.draw_formula(rng)
        found = re.fullmatch(r"(\w)=(\d) (\w)=(\d) (\w):", question.text)
        assert found is not None
        first, a, second, b, asked = found.groups()
        assert question.gold == f"{int(a) * int(b)}{UNITS[first, second, asked]}"


def test_both_are_drawn() -> None:
    rng = random.Random(1)
    kinds = ["=" in Quantities().draw(rng, 3).text for _ in range(300)]
    assert 50 < sum(kinds) < 150
