"""The two generators of procedural science: open questions and four options."""

from __future__ import annotations

import math
import random
from types import ModuleType

from xdomain.config.domain_verifier import ChoiceVerifier, NumberVerifier, VerifierConfig
from xdomain.domains.procedural.base import Generator, Question
from xdomain.domains.procedural.science import chemistry, electricity, gases, genetics, mechanics, units
from xdomain.domains.procedural.science.problem import Problem, show

TOPICS: dict[str, ModuleType] = {
    "mechanics": mechanics,
    "electricity": electricity,
    "gases": gases,
    "chemistry": chemistry,
    "genetics": genetics,
    "units": units,
}

TOLERANCE = 0.01
"""Relative tolerance of answers. Golds have four digits, and an answer rounded to three is right."""

APART = 0.05
"""Least relative distance between two options."""

MOST_ATTEMPTS = 100


class ScienceOpen(Generator):
    """A generator of questions whose answer is a number in the unit that the question names."""

    version = 1
    levels = range(1, 4)
    default_level = 2
    verifier: VerifierConfig = NumberVerifier(kind="number", relative_tolerance=TOLERANCE)
    metadata = ("topic",)

    def draw(self, rng: random.Random, level: int) -> Question:
        topic, problem = draw_problem(rng, level)
        gold = show(problem.value)
        return Question(problem.text, gold, f"\\boxed{{{gold}}}", {"topic": topic})


class ScienceChoice(Generator):
    """A generator of questions with four options. The wrong ones result from plausible errors."""

    version = 1
    levels = range(1, 4)
    default_level = 2
    verifier: VerifierConfig = ChoiceVerifier(kind="choice")
    metadata = ("topic",)

    def draw(self, rng: random.Random, level: int) -> Question:
        topic, problem = draw_problem(rng, level)
        options = [problem.value, *distractors(problem)]
        rng.shuffle(options)
        gold = "ABCD"[options.index(problem.value)]
        listed = "\n".join(f"({letter}) {show(option)}" for letter, option in zip("ABCD", options, strict=True))
        return Question(f"{problem.text}\n{listed}", gold, f"\\boxed{{{gold}}}", {"topic": topic})


def draw_problem(rng: random.Random, level: int) -> tuple[str, Problem]:
    """Draw a topic and a problem of this level. Answers of 0 are redrawn, since no relative tolerance fits."""
    for _ in range(MOST_ATTEMPTS):
        topic = rng.choice(tuple(TOPICS))
        kind = rng.choice([kind for kind in TOPICS[topic].KINDS if kind.level == level])
        problem: Problem = kind.make(rng)
        if abs(problem.value) > 1e-9:
            return topic, problem
    raise AssertionError(f"no problem of level {level} with an answer other than zero")


def distractors(problem: Problem) -> list[float]:
    """Return three values that differ from the answer and from one another.

    The problem's own errors come first, then the answer times a wrong factor.
    """
    slips = [problem.value * factor for factor in (2, 0.5, 10, 0.1, 4, 0.25)]
    chosen: list[float] = []
    for candidate in (*problem.errors, *slips):
        if all(distinct(candidate, other) for other in (problem.value, *chosen)) and distinct(candidate, 0.0):
            chosen.append(candidate)
        if len(chosen) == 3:
            break
    return chosen


def distinct(one: float, other: float) -> bool:
    return not math.isclose(one, other, rel_tol=APART, abs_tol=1e-9)
