"""Replies of judges; tests/integration/test_judges.py has many more spellings."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.domains.judges.reply import field, object_at, stated_object, stated_score, whole_number


def read(value: dict[str, Any]) -> Any:
    return value.get("a")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('So: {"a": 1}', {"a": 1}),
        ('<think>{"a": 2}</think>{"a": 1}', {"a": 1}),
        ('{"b": {"a": 1}}', {"a": 1}),
        ("{'a': 1}", {"a": 1}),
        ('{"a": 1} {"a": 1}', {"a": 1}),
        ('{"a": 1} {"a": 2}', None),
        ('{"a": 1, "a": 2}', None),
        ("{" * 10_000, None),
        ("", None),
    ],
)
def test_one_object_is_stated_or_none(text: str, found: dict[str, Any] | None) -> None:
    assert stated_object(text, read) == found


def test_without_a_shape_the_last_object_counts() -> None:
    assert stated_object('{"a": 1} {"b": 2}') == {"b": 2}
    assert object_at('x{"a": 1}y', 1) == ({"a": 1}, 9)


@pytest.mark.parametrize(
    ("value", "number"),
    [(8, 8), (8.0, 8), ("8", 8), ("8/10", 8), ("8/5", None), (8.5, None), (True, None), (11, None), (-1, None)],
)
def test_whole_numbers(value: object, number: int | None) -> None:
    assert whole_number(value, 10) == number


@pytest.mark.parametrize(
    ("text", "score"), [("8", 8), ("[[8]]", 8), ("Score: 8", 8), ("Score: 8 or 9", None), ("8/10", 8), ("8/100", None)]
)
def test_scores_in_words(text: str, score: int | None) -> None:
    assert stated_score(text, 10) == score


def test_names_in_any_case() -> None:
    assert field({"Score": 1}, "score") == 1
    assert field({}, "score") is None
