"""Truth values of formulas, read from left to right."""

from __future__ import annotations

import random

import pytest

from xdomain.domains.procedural.truth import Truth, draw_formula


def evaluate(text: str) -> bool:
    value = text[0] == "T"
    for symbol, literal in zip(text[1::2], text[2::2], strict=True):
        right = literal == "T"
        value = {"&": value and right, "|": value or right, "^": value != right}[symbol]
    return value


@pytest.mark.parametrize("level", Truth.levels)
def test_formulas_have_their_value(level: int) -> None:
    rng = random.Random(level)
    for _ in range(100):
        text, value = draw_formula(rng, level)
        assert len(text) == 2 * level - 1
        assert evaluate(text) is value


def test_a_question_asks_for_two() -> None:
    question = Truth().draw(random.Random(3), 4)
    first, second = question.text.removesuffix(":").split(",")
    assert question.gold == "".join("FT"[evaluate(text)] for text in (first, second))
