"""Answers that a completion marks itself."""

from __future__ import annotations

import pytest

from xdomain.domains.extraction.boxes import balanced, boxed, tag


@pytest.mark.parametrize(
    ("completion", "content"),
    [
        ("\\boxed{5}", "5"),
        ("\\boxed{5} no, \\fbox{6}", "6"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{\\boxed{7}}", "\\boxed{7}"),
        ("\\boxed{5} or \\boxed{6}", "5 or 6"),
        ("\\boxed{5}, \\boxed{5}", "5"),
        ("\\boxed{5}. Then much later text that is unrelated: \\boxed{6}", "6"),
        ("\\boxed{5} and finally \\boxed{}", "5"),
        ("\\boxed{your answer here}", None),
        ("\\boxed{5", "5"),
        ("\\boxed{5\nmore", "5"),
        ("boxed 5", None),
    ],
)
def test_the_last_box_with_content(completion: str, content: str | None) -> None:
    assert boxed(completion) == content


@pytest.mark.parametrize(
    ("completion", "content"),
    [
        ("<answer>a</answer><answer> b </answer>", "b"),
        ("<ANSWER>a</Answer>", "a"),
        ("<answer></answer>", None),
        ("<answer>cut off", "cut off"),
        ("</answer>", None),
    ],
)
def test_the_last_tag_with_content(completion: str, content: str | None) -> None:
    assert tag(completion) == content


def test_a_brace_and_its_partner() -> None:
    assert balanced("f{a{b}\\}}c", 1) == "a{b}\\}"
    assert balanced("{a", 0) is None
