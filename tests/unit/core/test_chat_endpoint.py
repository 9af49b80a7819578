"""Which replies are retried, refused or believed, and that the key stays hidden. Judges and backends test the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.openai_server import Reply, chat_reply, openai_server
from xdomain.core.chat_endpoint import (
    LONGEST_PAUSE_SECONDS,
    ChatEndpoint,
    EndpointError,
    RequestRefused,
    chat,
    post_json,
    retry_after,
)
from xdomain.core.errors import DependencyMissing

MESSAGES = [{"role": "user", "content": "x"}]
FINE = chat_reply("fine")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("SOME_KEY", "sk-secret")


def ask(*replies: Reply, attempts: int = 3) -> tuple[str | EndpointError, int, list[float]]:
    """Return what `chat` made of these replies in turn, the number of requests, and the pauses."""
    pauses: list[float] = []
    with openai_server(lambda request: replies[min(request.number, len(replies) - 1)]) as server:
        endpoint = ChatEndpoint(f"{server.url}/", "m", api_key_variable="SOME_KEY", attempts=attempts)
        try:
            found: str | EndpointError = chat(endpoint, MESSAGES, sleep=pauses.append, temperature=0.0)
        except EndpointError as error:
            found = error
        return found, len(server.requests), pauses


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 529])
def test_a_passing_fault_is_retried(status: int) -> None:
    assert ask(Reply(status), FINE) == ("fine", 2, [0.5])


def test_pauses_grow_and_follow_the_servers_wish_up_to_a_limit() -> None:
    busy = [Reply(429, headers={"Retry-After": seconds}) for seconds in ("7", "7200")]
    found, requests, pauses = ask(Reply(503), *busy, Reply(500), attempts=5)
    assert isinstance(found, EndpointError)
    assert (requests, pauses) == (5, [0.5, 7.0, LONGEST_PAUSE_SECONDS, 4.0])


@pytest.mark.parametrize(("status", "kind"), [(400, RequestRefused), (413, RequestRefused), (422, RequestRefused)])
def test_a_refused_request_is_not_an_outage(status: int, kind: type[EndpointError]) -> None:
    found, requests, _ = ask(Reply(status, b'{"error": {"message": "too long"}}'))
    assert type(found) is kind
    assert requests == 1
    assert "too long" in str(found)


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 451])
def test_a_refusal_of_everything_ends_at_once(status: int) -> None:
    found, requests, _ = ask(Reply(status, headers={"Location": "http://127.0.0.1:9/"}))
    assert type(found) is EndpointError
    assert requests == 1
    assert f"status {status}" in str(found)


@pytest.mark.parametrize(
    "data",
    [b"", b"no", b"[]", b"null", b"{}", b'{"choices": []}', b"[" * 100_000, b'{"error": {"message": "behind me"}}'],
)
def test_what_is_no_reply_is_asked_for_again(data: bytes) -> None:
    assert ask(Reply(200, data), FINE)[:2] == ("fine", 2)


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_key_is_never_shown(status: int) -> None:
    found, _, _ = ask(Reply(status, b'{"error": {"message": "your key sk-secret is bad"}}'), attempts=2)
    assert "your key $SOME_KEY is bad" in str(found)
    assert "secret" not in f"{found} {found!r}"


def test_a_long_explanation_is_cut() -> None:
    found, _, _ = ask(Reply(400, json.dumps({"error": {"message": "y" * 10_000}}).encode()))
    assert 100 < str(found).count("y") < 300


def test_text_that_utf8_cannot_hold_arrives_as_it_is() -> None:
    def echo(reply: Any) -> str:
        return str(reply["choices"][0]["message"]["content"])

    with openai_server(lambda request: FINE) as server:
        body = {"prompt": "\ud800 \x00", "model": "m"}
        assert post_json(ChatEndpoint(server.url, "m"), "/completions", body, echo) == "fine"
        assert server.requests == [body]


@pytest.mark.parametrize("key", ["sk\nX: y", "sk-é", "sk\rX: y"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", key)
    with pytest.raises(DependencyMissing, match="SOME_KEY holds") as caught:
        ChatEndpoint("http://a/v1", "m", api_key_variable="SOME_KEY").key()
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-secret\n", "sk-secret\r\n", " sk-secret\r"])
def test_line_ends_around_a_key_are_not_sent(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", key)
    with openai_server(lambda request: FINE) as server:
        assert chat(ChatEndpoint(server.url, "m", api_key_variable="SOME_KEY"), MESSAGES) == "fine"
        assert server.received[0].headers["Authorization"] == "Bearer sk-secret"


def test_a_server_that_repeats_the_key_gets_it_into_no_completion() -> None:
    found, _, _ = ask(chat_reply("you sent Bearer sk-secret"))
    assert found == "you sent Bearer $SOME_KEY"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_the_servers_pause(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}) == seconds
    assert retry_after({}) is None
