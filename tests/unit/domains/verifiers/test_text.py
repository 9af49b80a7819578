"""Equal text, exactly or normalised."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.verdicts import M, R, W, outcome
from xdomain.core.records import Outcome
from xdomain.domains.verifiers.text import normalise_answer


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
def test_text(settings: dict[str, Any], gold: str, completion: str, expected: Outcome) -> None:
    assert outcome({"kind": "text", **settings}, gold, completion) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("(Yes).", "yes", True),
        ("`A , b`", "a,b", True),
        ("[1,2)", "(1,2]", False),
        ("f(x)", "f", False),
        ("Ａ", "a", True),
    ],
)
def test_what_normalising_passes_over(one: str, other: str, same: bool) -> None:
    assert (normalise_answer(one) == normalise_answer(other)) is same
