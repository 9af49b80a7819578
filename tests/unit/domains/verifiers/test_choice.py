"""The choice that a completion states."""

from __future__ import annotations

import pytest

from tests.support.verdicts import M, R, U, W, outcome
from xdomain.config.domain_verifier import ChoiceVerifier
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.choice import ChoiceChecker


@pytest.mark.parametrize(
    ("gold", "completion", "expected"),
    [
        ("B", "I think \\boxed{B}", R),
        ("B", "<answer>(B) 12 N</answer>", R),
        ("B", "\\boxed{\\text{B}}", R),
        ("B", "so the answer is (B).", R),
        ("(B)", "\\boxed{b}", R),
        ("B", "Not A. Rather C", W),
        ("B", "\\boxed{E}", M),
        ("B", "none of these", M),
        ("B", "", M),
        ("B", "\\boxed{}", M),
        ("Z", "\\boxed{A}", U),
        ("B", "ABBA", M),
        ("B", "\\boxed{B} no wait \\boxed{C}", W),
    ],
)
def test_choice(gold: str, completion: str, expected: Outcome) -> None:
    assert outcome({"kind": "choice"}, gold, completion) is expected


@pytest.mark.parametrize(
    ("gold", "readable"),
    [("B", True), ("(b)", True), ("B) 12 N", True), ("A or B", False), ("none", False), ("", False)],
)
def test_golds_that_are_no_choice_are_named(gold: str, readable: bool) -> None:
    checker = ChoiceChecker(ChoiceVerifier(kind="choice"))
    assert (checker.unreadable_golds([Item("i", "p", gold)]) == []) is readable
