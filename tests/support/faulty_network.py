"""A proxy on loopback between a client and an HTTP server, which spoils replies as networks and gateways do."""

from __future__ import annotations

import hashlib
import http.client
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
PAUSE_SECONDS = 0.1
LONGEST_SECONDS = 30.0

Send = Callable[[socket.socket, bytes, bytes], None]
"""Sends a reply, given its head (status line and headers, up to the empty line) and its body, over a connection."""


def reset(connection: socket.socket) -> None:
    """Let the connection end with a reset (RST) when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


def send_nothing(connection: socket.socket, head: bytes, body: bytes) -> None:
    """Close the connection, as a server does whose keep-alive has run out."""


def send_reset(connection: socket.socket, head: bytes, body: bytes) -> None:
    reset(connection)


def send_half(connection: socket.socket, head: bytes, body: bytes) -> None:
    connection.sendall(head + body[: len(body) // 2])


def send_half_and_reset(connection: socket.socket, head: bytes, body: bytes) -> None:
    send_half(connection, head, body)
    reset(connection)


def drip(connection: socket.socket, data: bytes) -> None:
    """Send a byte now and then until the client goes away."""
    for place in range(min(len(data), int(LONGEST_SECONDS / PAUSE_SECONDS))):
        connection.sendall(data[place : place + 1])
        time.sleep(PAUSE_SECONDS)


def send_slow_head(connection: socket.socket, head: bytes, body: bytes) -> None:
    drip(connection, head + body)


def send_slow_body(connection: socket.socket, head: bytes, body: bytes) -> None:
    connection.sendall(head)
    drip(connection, body)


def with_length(head: bytes, length: int) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(b"Content-Length: %d" % length if is_length(line) else line for line in lines)


def is_length(line: bytes) -> bool:
    return line.lower().startswith(b"content-length:")


def send_too_little(connection: socket.socket, head: bytes, body: bytes) -> None:
    """Promise more bytes than come, and wait until the client goes away."""
    connection.sendall(with_length(head, len(body) + 50) + body)
    connection.settimeout(LONGEST_SECONDS)
    connection.recv(1)


def send_too_much(connection: socket.socket, head: bytes, body: bytes) -> None:
    """Promise fewer bytes than come."""
    connection.sendall(with_length(head, len(body) // 2) + body)


def send_no_http(connection: socket.socket, head: bytes, body: bytes) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def send_and_reset(connection: socket.socket, head: bytes, body: bytes) -> None:
    """Send the whole reply, promise to keep the connection, and reset it."""
    connection.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") + body)
    reset(connection)


def status(line: str) -> Send:
    """Return a function that sends an empty reply with this status, which asks for another attempt at once."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {line}\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n".encode())

    return send


FAULTS: dict[str, Send] = {
    "closed without a reply": send_nothing,
    "reset before the reply": send_reset,
    "half a reply, then closed": send_half,
    "half a reply, then reset": send_half_and_reset,
    "slow headers": send_slow_head,
    "slow body": send_slow_body,
    "length above the body's": send_too_little,
    "length below the body's": send_too_much,
    "no HTTP": send_no_http,
    "keep-alive promised, then reset": send_and_reset,
    "burst of status 429": status("429 Too Many Requests"),
    "burst of status 500": status("500 Internal Server Error"),
}


class FaultyNetwork:
    """A proxy in front of one server.

    Args:
        server: Base URL of the server, with the path "/v1".

    Attributes:
        url: Base URL for clients.
        fault: Sends spoiled replies; None passes every reply on.
        times: How often the reply to each request is spoiled before it comes whole.
        spoiled: Number of replies that were spoiled.
    """

    def __init__(self, server: str) -> None:
        self.fault: Send | None = None
        self.times = 1
        self.spoiled = 0
        self._asked: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._server = urlsplit(server).netloc
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    owner._serve(self)

        self.tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.tcp.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.tcp.server_address[1]}/v1"

    def spoil(self, fault: Send | None, times: int) -> None:
        """Spoil the next replies, and count anew."""
        with self._lock:
            self.fault, self.times, self.spoiled = fault, times, 0
            self._asked.clear()

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        """Answer one request; the connection is closed afterwards."""
        method, path, _ = handler.rfile.readline().decode().split()
        headers = http.client.parse_headers(handler.rfile)
        request = handler.rfile.read(int(headers["Content-Length"]))
        upstream = http.client.HTTPConnection(self._server)
        upstream.request(method, path, request, dict(headers.items()))
        reply = upstream.getresponse()
        body = reply.read()
        upstream.close()
        lines = [f"HTTP/1.1 {reply.status} {reply.reason}", *(f"{name}: {value}" for name, value in reply.getheaders())]
        head = "\r\n".join([*lines, "", ""]).encode()
        (self._fault_for(request) or _pass_on)(handler.connection, head, body)

    def _fault_for(self, request: bytes) -> Send | None:
        with self._lock:
            key = hashlib.sha256(request).digest()
            self._asked[key] += 1
            if self.fault is None or self._asked[key] > self.times:
                return None
            self.spoiled += 1
            return self.fault


def _pass_on(connection: socket.socket, head: bytes, body: bytes) -> None:
    connection.sendall(head + body)


@contextmanager
def faulty_network(server: str) -> Iterator[FaultyNetwork]:
    """Run a proxy for the length of a block."""
    made = FaultyNetwork(server)
    thread = threading.Thread(target=made.tcp.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.tcp.shutdown()
        made.tcp.server_close()
        thread.join()
