"""Who is what."""

from __future__ import annotations

import pytest

from tests.support.verdicts import M, R, W, outcome, verdict
from xdomain.config.domain_verifier import AssignmentVerifier
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.assignment import AssignmentChecker


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("Zoey is a knight, and Riley is a knave.", R),
        ("\\boxed{Riley: knave, Zoey: knight}", R),
        ("<answer>zoey = Knight; riley = Knave</answer>", R),
        ("Zoey is a knight, and Riley is a knight.", W),
        ("Zoey is a knight.", M),
        ("Zoey is a knight. Zoey is a knave. Riley is a knave.", M),
        ("I cannot tell.", M),
    ],
)
def test_assignment(completion: str, expected: Outcome) -> None:
    assert outcome({"kind": "assignment"}, "Zoey is a knight, and Riley is a knave.", completion) is expected


def test_a_partial_assignment_is_told_and_earns_nothing() -> None:
    found = verdict({"kind": "assignment"}, "A1: knight, B1: knave", "A1: knight, B1: knight")
    assert (found.score, found.reason) == (0.0, "1 of 2 agree")


def test_a_gold_that_assigns_nothing_is_named() -> None:
    checker = AssignmentChecker(AssignmentVerifier(kind="assignment"))
    items = [Item("a", "p", "Zoey is a knight."), Item("b", "p", "unknown"), Item("c", "p", "")]
    assert [item.id for item in checker.unreadable_golds(items)] == ["b", "c"]
