"""A real HTTP server that speaks the OpenAI chat protocol, behaves as told, and remembers what it was asked."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TICKET = re.compile(r'"ticket": "([0-9a-f]{8})"')

Behaviour = Callable[[str], "str | tuple[int, str] | float"]
"""Given the user message: a reply text, a (status, body), or seconds to hang."""


class JudgeServer:
    """Requests seen, and the address."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[dict] = []
        self.headers: list[dict] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with owner._lock:
                    owner.requests.append(body)
                    owner.headers.append(dict(self.headers))
                    owner._now += 1
                    owner.most_at_once = max(owner.most_at_once, owner._now)
                try:
                    behaviour = owner.behaviour(body["messages"][-1]["content"])
                finally:
                    # Before the answer is sent: with it in hand the client may ask again at once.
                    with owner._lock:
                        owner._now -= 1
                self.answer(behaviour)

            def answer(self, what: str | tuple[int, str] | float) -> None:
                if isinstance(what, float):
                    time.sleep(what)
                    return
                status, text = what if isinstance(what, tuple) else (200, chat_reply(what))
                data = text.encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "0")
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/stolen")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@contextmanager
def judge_server(behaviour: Behaviour) -> Iterator[JudgeServer]:
    """Run a server for the length of a block."""
    made = JudgeServer(behaviour)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()


def chat_reply(text: str) -> str:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


def ticket_in(question: str) -> str:
    """The ticket that the question asks to be repeated."""
    found = TICKET.findall(question)
    return found[-1]
