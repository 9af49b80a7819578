"""The page's server. It listens on loopback only, under a path that other users of the machine cannot guess."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import fields
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from xdomain.view.answers import Answers, Filter

LOOPBACK = "127.0.0.1"
MOST_ROWS = 200
"""Largest number of rows per request."""
FIELDS = tuple(field.name for field in fields(Filter))


class ViewServer(ThreadingHTTPServer):
    """A server of one table of answers.

    Args:
        answers: The table.
        port: Port to listen on; 0 takes a free one.

    Raises:
        OSError: The port is in use.
    """

    daemon_threads = True

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self.answers = answers
        self.path = f"/{secrets.token_urlsafe(16)}/"
        self.page, self.policy = load_page()
        super().__init__((LOOPBACK, port), Handler)

    @property
    def address(self) -> str:
        """Return the address to open in a browser."""
        return f"http://{LOOPBACK}:{self.server_port}{self.path}"


def load_page() -> tuple[bytes, str]:
    """Return the page, and a content policy that allows only its own style and script and requests to this server."""
    folder = files("xdomain.view")
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    page = (folder / "page.html").read_text(encoding="utf-8")
    page = page.replace("/* page.css */", style).replace("/* page.js */", script)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page.encode(), policy


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


class Handler(BaseHTTPRequestHandler):
    """A handler that answers `GET` requests for the page, the filters' choices and rows."""

    server: ViewServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        # Another site's page can make a browser send requests to this port under that site's name (DNS rebinding).
        expected = {f"{LOOPBACK}:{self.server.server_port}", f"localhost:{self.server.server_port}"}
        if self.headers.get("Host") not in expected or not url.path.startswith(self.server.path):
            return self._send(HTTPStatus.NOT_FOUND, b"not found", "text/plain")
        name = url.path.removeprefix(self.server.path)
        if name == "":
            return self._send(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")
        answers = self.server.answers
        if name == "choices":
            return self._json({"experiment": answers.experiment, **answers.choices})
        if name == "rows":
            return self._rows(parse_qs(url.query))
        return self._send(HTTPStatus.NOT_FOUND, b"not found", "text/plain")

    def _rows(self, query: dict[str, list[str]]) -> None:
        try:
            wanted = Filter(**{name: query[name][0] for name in FIELDS if name in query})
            first = max(int(query.get("first", ["0"])[0]), 0)
            found = self.server.answers.find(wanted)
        except (KeyError, ValueError) as error:
            return self._send(HTTPStatus.BAD_REQUEST, f"unknown: {error}".encode(), "text/plain; charset=utf-8")
        rows = [self.server.answers.row(position) for position in found[first : first + MOST_ROWS]]
        return self._json({"total": len(found), "first": first, "rows": rows})

    def _json(self, document: object) -> None:
        # A model can write lone surrogates, which are not valid UTF-8. ASCII escapes represent them.
        self._send(HTTPStatus.OK, json.dumps(document, allow_nan=False).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Log nothing, since all requests come from the page."""
