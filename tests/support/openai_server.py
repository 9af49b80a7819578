"""A real HTTP server on loopback that speaks the OpenAI protocol: a script gives the replies, and requests are kept."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TICKET = re.compile(r'"ticket": "([0-9a-f]{8})"')


@dataclass(frozen=True)
class Request:
    """One request as the server received it.

    Args:
        number: Index of the request among those of this server, from 0.
        path: Path of the URL, such as `/v1/chat/completions`.
        headers: HTTP headers.
        body: The parsed JSON body.
    """

    number: int
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def is_chat(self) -> bool:
        return self.path.endswith("/chat/completions")

    @property
    def prompt(self) -> str:
        """The last message of a chat, or the prompt of a completion."""
        return str(self.body["messages"][-1]["content"] if self.is_chat else self.body["prompt"])


@dataclass(frozen=True)
class Reply:
    """What the server sends, faults included.

    Args:
        status: HTTP status.
        body: Bytes of the body.
        headers: HTTP headers besides the length.
        silent_seconds: If not None, wait this long and close the connection without a reply.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    silent_seconds: float | None = None


HANG_UP = Reply(0, silent_seconds=0.0)
RETRY_NOW = {"Retry-After": "0"}

Script = Callable[[Request], Reply]


class OpenAIServer:
    """The address, and the requests so far.

    Args:
        script: Gives the reply to each request; called from one thread per connection.
    """

    def __init__(self, script: Script) -> None:
        self.received: list[Request] = []
        self.most_at_once = 0
        self._now = 0
        self._script = script
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = owner._reply(self.path, dict(self.headers), body)
                if reply.silent_seconds is not None:
                    time.sleep(reply.silent_seconds)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Bodies of the requests so far, in order of arrival."""
        return [request.body for request in self.received]

    def _reply(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply:
        with self._lock:
            request = Request(len(self.received), path, headers, body)
            self.received.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._script(request)
        finally:
            # Before the reply is sent: a client that has it may ask again at once.
            with self._lock:
                self._now -= 1


@contextmanager
def openai_server(script: Script) -> Iterator[OpenAIServer]:
    """Run a server for the length of a block."""
    made = OpenAIServer(script)
    thread = threading.Thread(target=made.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.http.shutdown()
        made.http.server_close()
        thread.join()


@contextmanager
def judge_server(behaviour: Callable[[str], str | Reply]) -> Iterator[OpenAIServer]:
    """Run a server whose replies depend on the question alone.

    Args:
        behaviour: Takes the last message of a chat and returns the text of the reply, or a whole reply.
    """

    def script(request: Request) -> Reply:
        said = behaviour(request.prompt)
        return said if isinstance(said, Reply) else chat_reply(said)

    with openai_server(script) as server:
        yield server


def chat_reply(text: str) -> Reply:
    """Return the reply of a chat whose assistant says `text`."""
    return Reply(200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode())


def ticket_in(question: str) -> str:
    """Return the ticket that the question asks a judge to repeat."""
    return str(TICKET.findall(question)[-1])
