"""Measure the time until `xdomain view` shows its first rows, and the rows of a filter, on 200,000 answers.

Wall seconds of one request each, as the page's script makes them, then of the page in Chromium if it is installed:
from opening the address, or changing a filter, until the cards are drawn. Aims: first rows in 2 s, a filter in 1 s.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from tests.support.chromium import open_chromium
from tests.support.grids import make_grid
from xdomain.domains.base import Item
from xdomain.view.answers import Answers, label_of
from xdomain.view.prompts import PromptTexts
from xdomain.view.server import ViewServer

DOMAINS = ("math", "science", "logic", "puzzle")
N_ITEMS, SAMPLES, WORDS = 400, 4, 120
ROWS = 200_000


def main() -> None:
    grid = make_grid(DOMAINS, n_items=N_ITEMS, samples=SAMPLES, seeds=(0,))
    records = grid.records.iloc[:ROWS].copy()
    words = np.random.default_rng(0).choice(["alpha", "beta", "gamma", "delta", "epsilon"], (len(records), WORDS))
    records["completion"] = [" ".join(row) for row in words]
    items = {domain: dict(questions(domain)) for domain in DOMAINS}
    kept = set(records["checkpoint"])
    checkpoints = tuple(place for place in grid.checkpoints if place.checkpoint in kept)
    begun = time.perf_counter()
    grid = replace(grid, records=records, checkpoints=checkpoints)
    labels = {place.checkpoint: label_of(place) for place in grid.checkpoints}
    server = ViewServer(Answers(grid.experiment, grid.records, labels, items, PromptTexts({})))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{len(records):,} answers of {records.completion.str.len().mean():.0f} characters")
    first = ask(server, begun=begun)
    print(f"first rows after {first:.2f} s")
    end = "math, seed 0, step 40"
    for name, query in {
        "first search": {"text": "alpha beta gamma delta epsilon"},
        "another search": {"text": "epsilon epsilon epsilon epsilon"},
        "verdict": {"outcome": "wrong", "domain": "logic"},
        "gained": {"change": "gained", "checkpoint": end, "against": "base"},
    }.items():
        print(f"{name} after {ask(server, query):.2f} s")
    in_chromium(server)
    server.shutdown()


def in_chromium(server: ViewServer) -> None:
    """Print the time that the page takes in Chromium."""
    with tempfile.TemporaryDirectory() as profile:
        browser = open_chromium(Path(profile))
        if browser is None:
            print("Chromium is not installed: the page was not measured")
            return
        try:
            begun = time.perf_counter()
            browser.get(server.address)
            wait_until_drawn(browser, 1)
            print(f"Chromium: first rows after {time.perf_counter() - begun:.2f} s")
            for number, (field, value) in enumerate((("outcome", "wrong"), ("domain", "logic"), ("text", "beta beta"))):
                begun = time.perf_counter()
                browser.find_element("name", field).send_keys(value)
                wait_until_drawn(browser, number + 2)
                print(f"Chromium: {field} filtered after {time.perf_counter() - begun:.2f} s")
        finally:
            browser.quit()


def wait_until_drawn(browser: Any, load: int) -> None:
    """Return once the page has drawn the rows of its `load`-th request, counted from 1."""
    while int(browser.execute_script("return document.getElementById('status').dataset.loaded || 0")) < load:
        time.sleep(0.005)


def questions(domain: str) -> Iterator[tuple[str, Item]]:
    """Yield the items of a domain by id."""
    for number in range(N_ITEMS):
        item = Item(f"{domain}-{number:05d}", f"Question {number} about {domain}?", "")
        yield item.id, item


def ask(server: ViewServer, query: dict[str, str] | None = None, begun: float | None = None) -> float:
    """Return the seconds until the rows of a request have arrived."""
    begun = time.perf_counter() if begun is None else begun
    with urllib.request.urlopen(f"{server.address}rows?{urlencode(query or {})}") as reply:
        assert json.load(reply)["total"] > 0
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
