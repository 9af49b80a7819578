"""Letters to be sorted."""

from __future__ import annotations

import random

import pytest

from xdomain.domains.procedural.letters import Letters


@pytest.mark.parametrize("level", Letters.levels)
def test_sorted_letters(level: int) -> None:
    rng = random.Random(level)
    questions = [Letters().draw(rng, level) for _ in range(100)]
    assert all(list(each.gold) == sorted(each.text.removesuffix(">")) for each in questions)
    assert {len(each.gold) for each in questions} == set(range(level - 3, level + 1))
