"""`xdomain view` in Chromium and by hand: filters, hostile answers, no request to elsewhere, nobody else's request."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.grids import make_grid
from xdomain.domains.base import Item
from xdomain.view.answers import Answers, label_of
from xdomain.view.prompts import PromptTexts
from xdomain.view.server import ViewServer

HOSTILE = "</script><script>document.title='owned'</script><img src=http://example.com/x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server() -> Iterator[ViewServer]:
    grid = make_grid(("math", "science"), n_items=40, samples=2, seeds=(0,))
    grid.records.loc[grid.records["item_id"] == "math-00000", "completion"] = HOSTILE
    items = {"math": {"math-00000": Item(id="math-00000", prompt="<b>What?</b>", gold="0")}}
    labels = {place.checkpoint: label_of(place) for place in grid.checkpoints}
    serving = ViewServer(Answers(grid.experiment, grid.records, labels, items, PromptTexts({})))
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as reply:
        return reply.read()


def status(url: str, **headers: str) -> int:
    try:
        get(url, **headers)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_only_this_machine_and_only_with_the_secret_path(server):
    assert server.server_address[0] == "127.0.0.1"
    assert status(server.address) == 200
    root = f"http://127.0.0.1:{server.server_port}/"
    assert {status(root), status(f"{root}rows"), status(f"{root}guess/rows")} == {404}
    assert status(server.address, Host="evil.example") == 404, "a name of another site leads nowhere"


@pytest.mark.parametrize("query", ["domain=nonsense", "first=x", "outcome=great", "checkpoint=nowhere&change=lost"])
def test_a_bad_query_is_refused_by_name(server, query):
    assert status(f"{server.address}rows?{query}") == 400


def test_rows_come_in_pages(server):
    first = json.loads(get(f"{server.address}rows?domain=math"))
    second = json.loads(get(f"{server.address}rows?domain=math&first=200"))
    assert first["total"] == second["total"] > 200
    assert len(first["rows"]) == 200
    assert first["rows"][0] != second["rows"][0]
    assert json.loads(get(f"{server.address}rows?first=999999"))["rows"] == []


class TestInChromium:
    @pytest.fixture(autouse=True)
    def page(self, browser, server):
        browser.get_log("performance")
        browser.get_log("browser")
        browser.get(server.address)
        self.wait(browser, lambda: "answers" in self.shown(browser))
        return browser

    @staticmethod
    def wait(browser, condition):
        """Wait until `condition` holds; the page may replace the elements while it is looked at."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(browser, 10, ignored_exceptions=(StaleElementReferenceException,))
        wait.until(lambda _: condition())

    @staticmethod
    def shown(browser) -> str:
        return browser.find_element("id", "status").text

    def choose(self, browser, **values: str) -> None:
        from selenium.webdriver.support.ui import Select

        for name, value in values.items():
            Select(browser.find_element("name", name)).select_by_visible_text(value)

    def test_filters_change_what_is_shown(self, browser):
        everything = self.shown(browser)
        self.choose(browser, domain="math", checkpoint="math, seed 0, step 40", change="lost", against="base")
        self.wait(browser, lambda: self.shown(browser) != everything)

        def only_math() -> bool:
            cards = browser.find_elements("tag name", "article")
            return bool(cards) and all("math" in card.text for card in cards)

        self.wait(browser, only_math)

    def test_a_change_needs_two_checkpoints(self, browser):
        self.choose(browser, change="gained")
        self.wait(browser, lambda: "Choose a checkpoint" in self.shown(browser))

    def test_a_script_in_an_answer_stays_text_and_nothing_is_fetched_from_elsewhere(self, browser, server):
        browser.find_element("name", "text").send_keys("owned")
        self.wait(browser, lambda: "owned" in browser.find_element("id", "rows").text)
        assert browser.title == "Answers of synthetic"
        assert browser.find_elements("tag name", "img") == []
        assert len(browser.find_elements("tag name", "script")) == 1
        assert "<b>What?</b>" in browser.find_element("id", "rows").text
        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        home = f"http://127.0.0.1:{server.server_port}/"
        foreign = [url for url in asked if not url.startswith((home, "data:", "about:", "chrome"))]
        assert any(url.startswith(server.address) for url in asked)
        assert foreign == []
