"""Every verifier's verdicts: right, wrong, malformed and unscored."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from xdomain.config.domain_verifier import VerifierConfig
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.build import build_verifier

R, W, M, U = Outcome.RIGHT, Outcome.WRONG, Outcome.MALFORMED, Outcome.UNSCORED


def outcome(settings: dict, gold: str, completion: str) -> Outcome:
    verifier = build_verifier(TypeAdapter(VerifierConfig).validate_python(settings))
    return verifier.judge([Item("i", "p", gold)], [completion])[0].outcome


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
def test_choice(gold, completion, expected):
    assert outcome({"kind": "choice"}, gold, completion) is expected


@pytest.mark.parametrize(
    ("settings", "gold", "completion", "expected"),
    [
        ({}, "12.5", "it is 12.5", R),
        ({}, "12.5", "it is 12.50 m.", R),
        ({}, "1200", "\\boxed{1,200}", R),
        ({}, "32000", "\\boxed{3.2 \\times 10^{4}}", R),
        ({}, "-5", "\\boxed{−5}", R),
        ({}, "12.5", "it is 12.6", W),
        ({}, "12.5", "it is twelve", M),
        ({}, "many", "it is 12", U),
        ({"relative_tolerance": 0.01}, "100", "100.9", R),
        ({"relative_tolerance": 0.01}, "100", "101.1", W),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5\\,\\text{m/s}}", R),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5}", M),
        ({"unit": "required"}, "3.5 m/s", "\\boxed{3.5 km/h}", W),
        ({}, "1", "1e999", M),
    ],
)
def test_number(settings, gold, completion, expected):
    assert outcome({"kind": "number", **settings}, gold, completion) is expected


@pytest.mark.parametrize(
    ("settings", "gold", "completion", "expected"),
    [
        ({}, "abc", " abc\n", R),
        ({}, "abc", "ABC", W),
        ({"normalise": True}, "a  b", "*A b*.", R),
        ({"form": "[a-z]+"}, "abc", "ab3", M),
        ({"answer_in": "tag"}, "abc", "<answer>x</answer><answer> abc </answer>", R),
        ({"answer_in": "tag"}, "abc", "abc", M),
        ({"answer_in": "last_line"}, "abc", "well\nabc\n\n", R),
        ({"answer_in": "boxed", "pattern": r"x=(\w+)"}, "abc", "\\boxed{x=abc}", R),
        ({"answer_in": "boxed", "pattern": r"x=(\w+)"}, "abc", "\\boxed{abc}", M),
        ({"answer_in": ["boxed", "whole"]}, "abc", "abc", R),
        # a right answer that merely stands somewhere earns nothing
        ({}, "abc", "it may be abc or xyz", W),
    ],
)
def test_text(settings, gold, completion, expected):
    assert outcome({"kind": "text", **settings}, gold, completion) is expected


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
def test_assignment(completion, expected):
    assert outcome({"kind": "assignment"}, "Zoey is a knight, and Riley is a knave.", completion) is expected


def test_partial_assignment_is_told_but_earns_nothing():
    verifier = build_verifier(TypeAdapter(VerifierConfig).validate_python({"kind": "assignment"}))
    verdict = verifier.judge([Item("i", "p", "A1: knight, B1: knave")], ["A1: knight, B1: knight"])[0]
    assert (verdict.score, verdict.reason) == (0.0, "1 of 2 agree")
