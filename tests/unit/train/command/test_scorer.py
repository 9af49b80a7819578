from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_stage import domains
from xdomain.train.command.reward import StageReward
from xdomain.train.command.scorer import LARGEST_REQUEST, Address, scorer

BODY = {"domain": ["sums"], "index": [0], "completions": ["nonsense"]}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Address]:
    with scorer(StageReward(domains(tmp_path), {})) as found:
        yield found


def ask(address: Address, body: Any, *, token: str | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token or address.token}"} | headers
    try:
        with urllib.request.urlopen(urllib.request.Request(address.url, data, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_rewards_are_served_to_several_processes_at_once(address: Address) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(address, BODY), range(8)))
    assert answers == [(200, {"rewards": [0.0]})] * 8


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"[" * 1000, 400, "JSON"),
        (b"\xff", 400, "JSON"),
        ({"domain": ["sums"]}, 400, "index"),
        (BODY | {"index": ["0"]}, 400, "index"),
        (BODY | {"more": 1}, 400, "more"),
        (BODY | {"domain": ["math"]}, 400, 'no prompt 0 of "math"'),
    ],
)
def test_a_malformed_request_is_refused_in_words(address: Address, body: Any, status: int, words: str) -> None:
    found, answer = ask(address, body)
    assert found == status
    assert words in answer["error"]


def test_nobody_is_served_without_the_token(address: Address) -> None:
    status, answer = ask(address, BODY, token="guessed")
    assert status == 401
    assert address.token not in answer["error"]


def test_a_huge_request_is_refused_before_it_is_read(address: Address) -> None:
    status, _ = ask(address, b"{}", **{"Content-Length": str(LARGEST_REQUEST + 1)})
    assert status == 413


def test_the_port_is_closed_afterwards(tmp_path: Path) -> None:
    with scorer(StageReward(domains(tmp_path), {})) as address:
        assert address.url.startswith("http://127.0.0.1:")
    with pytest.raises(urllib.error.URLError):
        ask(address, BODY)
