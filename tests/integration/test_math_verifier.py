"""The math verifier with its real workers: equivalence, and hostile LaTeX that must neither hang nor break it."""

from __future__ import annotations

import time

import psutil
import pytest

from xdomain.config.domain_verifier import MathVerifier
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.math import MathChecker, compare_exactly


@pytest.fixture(scope="module")
def checker():
    made = MathChecker(MathVerifier(kind="math", timeout_seconds=2))
    yield made
    made.close()


def judge(checker: MathChecker, gold: str, completion: str):
    return checker.judge([Item("i", "p", gold)], [completion])[0]


@pytest.mark.parametrize(
    ("gold", "completion", "expected"),
    [
        ("18", "so \\boxed{18}", "right"),
        ("18", "so \\boxed{18.0}", "right"),
        ("2,125", "\\boxed{2125}", "right"),
        ("1/2", "\\boxed{\\frac{1}{2}}", "right"),
        ("1/2", "\\boxed{0.5}", "right"),
        ("x^2+1", "\\boxed{1+x^2}", "right"),
        ("\\{1,2\\}", "\\boxed{\\{2,1\\}}", "right"),
        ("5", "Then\nthe answer is $x=5$.", "right"),
        ("18", "\\boxed{19}", "wrong"),
        ("x^2+1", "\\boxed{x^2-1}", "wrong"),
        ("18", "", "malformed"),
        ("18", "\\boxed{18", "right"),  # the end closes it, as a stop text would; truncation is judged apart
        ("18", "\\boxed{", "malformed"),
        ("18", "I do not know that", "malformed"),
        ("18", "\\boxed{" * 20_000, "malformed"),
        ("18", "[" * 1_000_000, "malformed"),
        ("18", "\\boxed{" + "(" * 3000 + "}", "malformed"),
        ("18", "\\boxed{" + "\\frac{" * 400 + "}", "malformed"),
        ("18", "\x00\ud800 \\boxed{18\x00}", "right"),
    ],
)
def test_verdicts(checker, gold, completion, expected):
    assert judge(checker, gold, completion).outcome.value == expected


@pytest.mark.parametrize("monster", ["9^{9^{9^{9^9}}}", "(10^{10})!", "\\sum_{i=1}^{10^{12}} i!"])
def test_a_parser_that_hangs_is_killed_and_replaced(checker, monster):
    started = time.monotonic()
    verdict = judge(checker, "9", f"\\boxed{{{monster}}}")
    assert time.monotonic() - started < 8
    assert verdict.outcome is Outcome.MALFORMED
    assert judge(checker, "x+1", "\\boxed{1+x}").outcome is Outcome.RIGHT


def test_closing_leaves_no_process_and_the_checker_works_again(checker):
    assert judge(checker, "y+1", "\\boxed{1+y}").outcome is Outcome.RIGHT
    checker.close()
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if "math_worker" in " ".join(child.cmdline())]
    assert judge(checker, "z+1", "\\boxed{1+z}").outcome is Outcome.RIGHT


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("18", "18", True),
        ("1,000", "1000.0", True),
        ("3/4", "\\frac{6}{8}", True),
        ("18", "19", False),
        ("1", "x", None),
    ],
)
def test_exact_comparison_decides_only_what_it_can(gold, answer, equal):
    assert compare_exactly(gold, answer) is equal
