"""Procedural science: options that are apart, and every level of every topic."""

from __future__ import annotations

import random

import pytest

from xdomain.domains.procedural.science.generators import (
    TOPICS,
    ScienceChoice,
    ScienceOpen,
    distinct,
    distractors,
    draw_problem,
)
from xdomain.domains.procedural.science.problem import show

KINDS = [(topic, kind) for topic, module in TOPICS.items() for kind in module.KINDS]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_topic_serves_every_level(level: int) -> None:
    topics = {topic for topic, kind in KINDS if kind.level == level}
    assert topics == set(TOPICS)
    rng = random.Random(level)
    assert {draw_problem(rng, level)[0] for _ in range(200)} == topics


@pytest.mark.parametrize("level", [1, 2, 3])
def test_options_are_four_apart_and_fairly_placed(level: int) -> None:
    rng, letters = random.Random(level), list[str]()
    for _ in range(400):
        _, problem = draw_problem(rng, level)
        wrong = distractors(problem)
        assert len(wrong) == 3
        values = [problem.value, *wrong]
        assert all(distinct(values[i], values[j]) for i in range(4) for j in range(i))
        assert len({show(value) for value in values}) == 4
        letters.append(ScienceChoice().draw(rng, level).gold)
    assert min(letters.count(letter) for letter in "ABCD") > 60


@pytest.mark.parametrize("generator", [ScienceOpen(), ScienceChoice()])
def test_draws_depend_on_the_generator_alone(generator: ScienceOpen | ScienceChoice) -> None:
    one = [generator.draw(random.Random(5), 3) for _ in range(2)]
    assert one[0] == one[1]
