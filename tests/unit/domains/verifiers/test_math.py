"""What the math verifier decides without its workers; tests/integration/test_math_verifier.py starts them."""

from __future__ import annotations

import pytest

from xdomain.config.domain_verifier import MathVerifier
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.math import LONGEST_ANSWER, MathChecker, nesting, states_maths, verdict_of
from xdomain.domains.worker_pool import Failure


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("equal", Outcome.RIGHT, "equal"),
        ("different", Outcome.WRONG, "different"),
        ("unparsed gold", Outcome.UNSCORED, "unparsed gold"),
        ("unparsed answer", Outcome.MALFORMED, "unparsed answer"),
        (Failure("timeout"), Outcome.MALFORMED, "timeout in the parser"),
        (Failure("unavailable"), Outcome.UNSCORED, "no math worker"),
    ],
)
def test_a_status_becomes_a_verdict(status: object, outcome: Outcome, reason: str) -> None:
    found = verdict_of(status, "5")
    assert (found.outcome, found.reason) == (outcome, reason)


@pytest.mark.parametrize(("text", "states"), [("5", True), ("correct.", False), ("x = 5", True), ("clear that", False)])
def test_the_answer_is_correct_states_none(text: str, states: bool) -> None:
    assert states_maths(text) is states


def test_nesting_counts_brackets_of_any_kind() -> None:
    assert [nesting(text) for text in ("", "(a)", "{[(", ")))((")] == [0, 1, 3, 0]


def test_what_is_settled_as_text_starts_no_worker() -> None:
    checker = MathChecker(MathVerifier(kind="math"))
    items = [Item("a", "p", "18"), Item("b", "p", "18"), Item("c", "p", "18")]
    completions = ["\\boxed{18.0}", "\\boxed{19}", "\\boxed{" + "1+" * LONGEST_ANSWER + "1}"]
    outcomes = [verdict.outcome for verdict in checker.judge(items, completions)]
    assert outcomes == [Outcome.RIGHT, Outcome.WRONG, Outcome.MALFORMED]
    assert checker.pool._idle == []
