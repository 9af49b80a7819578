"""Replies of servers and the rate of requests; tests/integration/test_endpoint_evaluation.py asks a real one."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.core.chat_endpoint import Unavailable
from xdomain.generation.endpoint import Pacer, answered_by, count, read_completion


@pytest.mark.parametrize(
    ("choice", "chat", "text", "reason"),
    [
        ({"text": "4", "finish_reason": "stop"}, False, "4", "stop"),
        ({"message": {"content": "4"}, "finish_reason": "length"}, True, "4", "length"),
        ({"message": {"content": None}, "finish_reason": "max_tokens"}, True, "", "length"),
        ({"text": "4", "finish_reason": None}, False, "4", "stop"),
        ({"text": "4", "finish_reason": "content_filter"}, False, "", "refused"),
    ],
)
def test_what_a_reply_says(choice: dict[str, Any], chat: bool, text: str, reason: str) -> None:
    found = read_completion({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}, chat=chat)
    assert (found.text, found.finish_reason, found.prompt_tokens, found.tokens) == (text, reason, 3, 2)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {},
        {"choices": []},
        {"choices": [{"text": 5}]},
        {"choices": [{"text": "a", "finish_reason": "error"}]},
        {"choices": [{"text": "a", "finish_reason": [{}]}]},
    ],
)
def test_what_is_asked_for_again(reply: Any) -> None:
    with pytest.raises(Unavailable):
        read_completion(reply, chat=False)


@pytest.mark.parametrize(("value", "number"), [(3, 3), (0, 0), (-1, None), ("3", None), (True, None), (None, None)])
def test_token_counts_are_numbers_or_unknown(value: Any, number: int | None) -> None:
    assert count({"tokens": value}, "tokens") == number
    assert count({}, "tokens") is None


def test_who_answered() -> None:
    assert answered_by({"model": "m", "system_fingerprint": "fp"}) == {"m, fp"}
    assert answered_by({"model": 3}) == set()


def test_without_a_limit_nobody_waits() -> None:
    slept: list[float] = []
    pacer = Pacer(None, sleep=slept.append)
    pacer.wait()
    pacer.wait()
    assert slept == []
