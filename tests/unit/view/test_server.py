"""The page's server; tests/integration/test_view_browser.py opens it in a browser."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.grids import make_grid
from xdomain.view.answers import Answers, label_of
from xdomain.view.prompts import PromptTexts
from xdomain.view.server import MOST_ROWS, ViewServer, load_page


@pytest.fixture(scope="module")
def server() -> Iterator[ViewServer]:
    grid = make_grid(("math", "science"), n_items=40, samples=2, seeds=(0,))
    labels = {place.checkpoint: label_of(place) for place in grid.checkpoints}
    made = ViewServer(Answers(grid.experiment, grid.records, labels, {}, PromptTexts({}), None))
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def ask(server: ViewServer, path: str, host: str | None = None) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{server.server_port}"})
    reply = connection.getresponse()
    return reply.status, reply.read(), reply.headers


def document(server: ViewServer, name: str) -> Any:
    status, body, _ = ask(server, server.path + name)
    assert status == 200
    return json.loads(body)


def test_the_page_carries_its_own_style_and_script_only(server: ViewServer) -> None:
    status, body, headers = ask(server, server.path)
    assert (status, body) == (200, load_page()[0])
    assert b"/* page.js */" not in body
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/guess/", "/guess/rows"])
def test_another_path_is_not_found(server: ViewServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_a_page_of_another_site_is_not_served(server: ViewServer) -> None:
    assert ask(server, server.path, host="evil.example")[0] == 404
    assert ask(server, server.path, host=f"localhost:{server.server_port}")[0] == 200


def test_rows_come_in_parts_and_by_filter(server: ViewServer) -> None:
    found = document(server, "rows?domain=math")
    assert found["total"] > MOST_ROWS == len(found["rows"])
    assert {row["domain"] for row in found["rows"]} == {"math"}
    rest = document(server, f"rows?domain=math&first={found['total'] - 3}")
    assert len(rest["rows"]) == 3
    assert document(server, "choices")["experiment"]


@pytest.mark.parametrize("query", ["rows?outcome=maybe", "rows?first=x", "rows?checkpoint=nobody"])
def test_an_unknown_choice_is_told(server: ViewServer, query: str) -> None:
    status, body, _ = ask(server, server.path + query)
    assert status == 400
    assert body.startswith(b"unknown")
