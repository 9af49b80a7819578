"""The transport against servers that drip, break off, redirect, flood and stand behind a proxy."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from xdomain.core.deadline_post import LONGEST_REPLY, Reply, TransportFailed, post

CONTENT = b'{"a": 1}'

Behaviour = Callable[[socket.socket], None]
"""Function of an open connection, called once the request was read."""


@contextmanager
def server(behave: Behaviour) -> Iterator[tuple[str, list[bytes]]]:
    """Serve raw connections; yield the address and the requests read."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection:
                read = b""
                while not read.endswith(CONTENT):  # what is left unread would reset the connection at its close
                    read += connection.recv(65536)
                requests.append(read)
                try:
                    behave(connection)
                except OSError:  # the client gave up, as it should
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        listener.shutdown(socket.SHUT_RDWR)


def says(*parts: bytes, pause_seconds: float = 0.0) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)

    return behave


def ask(url: str, timeout_seconds: float = 5.0) -> Reply:
    return post(f"{url}/v1/completions", CONTENT, {"Authorization": "Bearer sk-secret"}, timeout_seconds)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_reply_with_its_status_headers_and_body() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nretry-after: 7\r\nContent-Length: 2\r\n\r\nhi")) as (url, requests):
        reply = ask(url)
    assert (reply.status, reply.data, reply.is_success, reply.headers["Retry-After"]) == (200, b"hi", True, "7")
    head, _, content = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/completions HTTP/1.1")
    assert b"Authorization: Bearer sk-secret" in head
    assert content == CONTENT


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    "behave",
    [
        says(*[b"H", b"T", b"T", b"P"] * 30, pause_seconds=0.1),
        says(b"HTTP/1.1 200 OK\r\n", *[b"x: y\r\n"] * 100, pause_seconds=0.1),
        says(HEAD, *[b"x"] * 100, pause_seconds=0.1),
        lambda connection: time.sleep(3),
    ],
    ids=["status line drips", "headers drip", "body drips", "silence"],
)
def test_one_deadline_covers_everything(behave: Behaviour) -> None:
    with server(behave) as (url, _):
        begun = time.monotonic()
        with pytest.raises(TransportFailed, match="TimeoutError"):
            ask(url, 0.5)
        assert 0.4 < time.monotonic() - begun < 1.5


def test_an_error_whose_body_never_ends_keeps_its_status() -> None:
    head = b"HTTP/1.1 401 No\r\nContent-Length: 1000\r\n\r\n"
    for behave in (says(head, *[b"x"] * 20, pause_seconds=0.1), says(head, b"x")):
        with server(behave) as (url, _):
            assert ask(url, 0.5) == Reply(401, ask(url, 0.5).headers, b"")


def test_a_flood_is_cut_off() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(LONGEST_REPLY // 65536 + 2):
            connection.sendall(b"x" * 65536)

    with server(flood) as (url, _), pytest.raises(TransportFailed, match="reply too long"):
        ask(url)


def test_headers_without_end_are_cut_off() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"x: " + b"y" * 65536)

    with server(flood) as (url, _), pytest.raises(TransportFailed, match="RemoteProtocolError"):
        ask(url, 30.0)


def packed(encoding: str, data: bytes) -> Behaviour:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(data)}\r\n\r\n"
    return says(head.encode(), data)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_reply_is_read_but_no_bomb(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with server(packed(encoding, pack(b"hi"))) as (url, _):
        assert ask(url).data == b"hi"
    bomb = pack(bytes(1 << 26))
    assert len(bomb) < LONGEST_REPLY
    with server(packed(encoding, bomb)) as (url, _):
        tracemalloc.start()
        with pytest.raises(TransportFailed, match="reply too long"):
            ask(url, 30.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 6 * LONGEST_REPLY


@pytest.mark.parametrize(("encoding", "words"), [("br", "not asked for"), ("gzip", "badly compressed")])
def test_a_reply_that_cannot_be_unpacked_fails(encoding: str, words: str) -> None:
    with server(packed(encoding, b"nonsense")) as (url, _), pytest.raises(TransportFailed, match=words):
        ask(url)


@pytest.mark.parametrize("parts", [[], [HEAD, b"half"], [b"garbage\r\n\r\n"], [b"HTTP/1.1 200 OK\r\nx\r\n\r\n"]])
def test_a_broken_reply_fails_without_telling_the_headers(parts: list[bytes]) -> None:
    with server(says(*parts)) as (url, _), pytest.raises(TransportFailed) as caught:
        ask(url)
    assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "file:///etc/passwd", "ftp://a", "nothing", "http://a:b:c", "http://a b"]
)
def test_what_cannot_be_reached_fails(url: str) -> None:
    with pytest.raises(TransportFailed):
        ask(url)


def test_a_redirect_is_a_status_and_not_followed() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as (elsewhere, stolen):
        there = f"HTTP/1.1 307 Go\r\nLocation: {elsewhere}/v1\r\nContent-Length: 0\r\n\r\n".encode()
        with server(says(there)) as (url, _):
            assert ask(url).status == 307
        assert stolen == []


def test_the_environments_proxy_is_used_except_for_named_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy")) as (proxy, requests):
        monkeypatch.setenv("http_proxy", proxy.removeprefix("http://"))
        monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert ask("http://model.invalid").data == b"proxy"
        assert requests[0].startswith(b"POST http://model.invalid/v1/completions")
        with pytest.raises(TransportFailed):
            ask("http://127.0.0.1:9")
        assert len(requests) == 1
