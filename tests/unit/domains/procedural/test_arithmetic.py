"""Sums and differences without a carry."""

from __future__ import annotations

import random
import re

import pytest

from xdomain.domains.procedural.arithmetic import Arithmetic


@pytest.mark.parametrize("level", Arithmetic.levels)
def test_answers_and_columns(level: int) -> None:
    rng = random.Random(level)
    signs = set()
    for _ in range(100):
        question = Arithmetic().draw(rng, level)
        found = re.fullmatch(r"(\d+)([+-])(\d+)=", question.text)
        assert found is not None
        first, sign, second = found.groups()
        signs.add(sign)
        assert len(first) == len(second) == len(question.gold) == level
        assert int(question.gold) == (int(first) + int(second) if sign == "+" else int(first) - int(second))
    assert signs == {"+", "-"}
