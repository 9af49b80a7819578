"""The stated answer of a completion."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.domain_verifier import ExtractingVerifier
from xdomain.domains.extraction.statements import extract


def stated(completion: str, *places: Any, **settings: Any) -> str | None:
    return extract(completion, ExtractingVerifier(answer_in=places, **settings))


@pytest.mark.parametrize(
    ("completion", "places", "answer"),
    [
        ("I think 5. The answer is 6.", ("last_number",), "6"),
        ("The answer is 6.\n\\boxed{7}", ("boxed", "last_number"), "7"),
        ("\\boxed{7}\nThe answer is 6.", ("boxed", "last_number"), "7"),
        ("#### 42", ("last_number",), "42"),
        ("Answer:\n6", ("last_line",), "6"),
        ("The answer is 6, because 2*3 is 6.", ("last_number",), "6"),
        ("答案是 6", ("last_number",), "6"),
        ("<think>The answer is 5</think>6", ("last_number",), "6"),
        ("\\boxed{1} <answer>2</answer>", ("boxed", "tag"), "2"),
        ("nothing", ("boxed",), None),
    ],
)
def test_an_explicit_statement_wins(completion: str, places: tuple[str, ...], answer: str | None) -> None:
    assert stated(completion, *places) == answer


def test_a_pattern_narrows_what_stands_at_the_place() -> None:
    assert stated("\\boxed{x=5}", "boxed", pattern=r"x=(\d)") == "5"
    assert stated("\\boxed{5}", "boxed", pattern=r"x=(\d)") is None


def test_a_pattern_that_backtracks_without_end_states_nothing() -> None:
    assert stated("\\boxed{" + "a" * 40 + "!}", "boxed", pattern=r"(a+)+$") is None
