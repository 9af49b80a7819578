"""Score completions over HTTP while a command trains, on this machine only.

`POST /score` takes a JSON object with `domain`, `index` and `completions`, and `truncated` if wanted: lists as
`StageReward.score` takes them. The answer is `{"rewards": [1.0, null]}`, or `{"error": "..."}` with another status.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from xdomain.core.errors import XDomainError
from xdomain.core.function_import import plain_error
from xdomain.train.command.reward import StageReward

LARGEST_REQUEST = 256 << 20
"""Bytes of a request."""
IDLE_SECONDS = 60.0
"""Longest pause inside a request."""


@dataclass(frozen=True)
class Address:
    """Where a stage's scorer listens, and the token that a request must bring."""

    url: str
    token: str


@checked(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Request:
    """The body of a request."""

    domain: list[str]
    index: list[int]
    completions: list[str]
    truncated: list[bool] | None = None


REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


@contextmanager
def scorer(reward: StageReward) -> Iterator[Address]:
    """Serve a stage's rewards on a free port of this machine until the block ends.

    Verifiers judge one request at a time, as in the built-in trainer.
    """
    token, lock = secrets.token_urlsafe(24), threading.Lock()

    class Handler(_Handler):
        def rewards(self, request: Request) -> list[float | None]:
            with lock:
                return reward.score(request.domain, request.index, request.completions, request.truncated)

        def is_allowed(self) -> bool:
            given = self.headers.get("Authorization", "").encode("latin-1", "replace")
            return hmac.compare_digest(given, f"Bearer {token}".encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Address(f"http://127.0.0.1:{server.server_port}/score", token)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def rewards(self, request: Request) -> list[float | None]:
        raise NotImplementedError

    def is_allowed(self) -> bool:
        raise NotImplementedError

    def do_POST(self) -> None:
        status, answer = self._answer()
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status != 200:  # the request may not have been read to its end
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, dict[str, Any]]:
        length = self.headers.get("Content-Length", "")
        if not self.is_allowed():
            return 401, {"error": "the token is wrong: send `Authorization: Bearer TOKEN` with that of the task file."}
        if self.path != "/score":
            return 404, {"error": "there is only /score."}
        if not length.isdecimal() or int(length) > LARGEST_REQUEST:
            return 413, {"error": f"Content-Length should be at most {LARGEST_REQUEST}."}
        return self._scored(self.rfile.read(int(length)))

    def _scored(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            return 200, {"rewards": self.rewards(REQUEST.validate_json(body))}
        except ValidationError as error:
            first = error.errors()[0]
            return 400, {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        except XDomainError as error:
            return 400, {"error": error.paragraph()}
        except Exception as error:
            return 500, {"error": plain_error(error)}

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 -- its name in the library
        """Requests are not logged: there is one per step."""
