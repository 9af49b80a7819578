"""A judge remembers what it answered; tests/integration/test_judges.py shows how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.openai_server import judge_server
from xdomain.config.domain_verifier import JudgeEndpoint
from xdomain.core.errors import StoreError
from xdomain.domains.judges.ask import ASKED, Judge

MESSAGES = [{"role": "user", "content": "Is it rain?"}]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def judge(url: str, **settings: Any) -> Judge:
    return Judge(JudgeEndpoint(base_url=url, model="m", api_key_variable=None, attempts=1, **settings))


def read(reply: dict[str, Any]) -> int | None:
    return reply.get("score")


def test_a_usable_reply_is_kept_by_content(tmp_path: Path) -> None:
    with judge_server(lambda _: '{"score": 3}') as server:
        one = judge(server.url, cache=str(tmp_path))
        assert [one.ask(MESSAGES, read) for _ in range(3)] == [3, 3, 3]
        assert judge(server.url, cache=str(tmp_path)).ask(MESSAGES, read) == 3
        assert len(server.requests) == 1
    (kept,) = tmp_path.iterdir()
    kept.write_text("{")
    with pytest.raises(StoreError, match="a kept judgement is not JSON"):
        judge(server.url, cache=str(tmp_path)).ask(MESSAGES, read)


def test_a_bad_reply_is_asked_again_with_another_seed() -> None:
    with judge_server(lambda _: "hm") as server:
        assert judge(server.url).ask(MESSAGES, read) is None
        assert [request["seed"] for request in server.requests] == list(range(ASKED))


def test_words_count_only_if_they_are_read() -> None:
    with judge_server(lambda _: "three") as server:
        assert judge(server.url).ask(MESSAGES, read, lambda text: {"score": len(text)}) == 5
    with judge_server(lambda _: json.dumps({"points": 1})) as server:
        assert judge(server.url).ask(MESSAGES, read, lambda text: {"score": 9}) is None, "it states an object"


def test_a_judge_that_cannot_be_reached_gives_no_answer() -> None:
    assert judge("http://127.0.0.1:9/v1").ask(MESSAGES, read) is None
