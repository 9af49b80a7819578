"""The report page in Chromium: it asks for nothing, runs no foreign script, and is read by mouse and keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.report_example import HOSTILE, example_result
from xdomain.report.write import write_report

pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory) -> str:
    """Address of a report on four domains, with hostile answers."""
    folder = tmp_path_factory.mktemp("report")
    return write_report(example_result(4, 3), folder, ["html"])["html"].as_uri()


def open_page(browser, page: str, width: int = 1200, height: int = 900) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")
    browser.get(page)


def shown_card(browser):
    card = browser.find_element(By.ID, "card")
    WebDriverWait(browser, 5).until(lambda _: card.is_displayed())
    return card


def test_nothing_is_requested_and_nothing_complains(browser, page):
    browser.get_log("performance")
    browser.get_log("browser")
    open_page(browser, page)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    # Chromium's own start page may still be loading beside ours.
    asked = [request["request"]["url"] for request in requests if request["documentURL"].startswith(page)]
    assert page in asked
    assert [url for url in asked if not url.startswith((page, "data:", "about:"))] == []
    assert browser.get_log("browser") == []


def test_a_script_in_an_answer_stays_text(browser, page):
    open_page(browser, page)
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    assert browser.find_elements(By.TAG_NAME, "img") == []
    answers = [element.get_property("textContent") for element in browser.find_elements(By.TAG_NAME, "pre")]
    assert answers.count(HOSTILE.replace("\x1b", "\N{REPLACEMENT CHARACTER}")) == 3, "a question and two answers"


def test_the_content_policy_stops_a_script_that_would_get_in(browser, page):
    open_page(browser, page)
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s);"
    )
    assert browser.execute_script("return window.broken") is None


def test_every_matrix_has_cells_and_pointing_at_one_tells_all_about_it(browser, page):
    open_page(browser, page)
    for name in ("transfer", "asymmetry", "order_effect", "order_sensitivity", "retention", "plasticity", "mix_gain"):
        assert browser.find_elements(By.CSS_SELECTOR, f"#{name} .heat td a"), name
    link = browser.find_element(By.CSS_SELECTOR, "#order_effect .heat td.shown a")
    ActionChains(browser).scroll_to_element(link).move_to_element(link).perform()
    card = shown_card(browser)
    for word in ("Estimate", "95% interval", "Items", "Seeds", "p adjusted", "Checkpoints", "Reproduce", "train-math"):
        assert word in card.text, word
    assert "xdomain report four-domains --json | jq" in card.text
    assert link.get_attribute("aria-describedby") == "card"


@pytest.mark.parametrize(("width", "height"), [(1200, 900), (400, 700), (800, 400)])
@pytest.mark.parametrize("block", ["start", "center", "end"])
def test_a_card_never_covers_its_cell_nor_leaves_the_window(browser, page, width, height, block):
    open_page(browser, page, width, height)
    link = browser.find_element(By.CSS_SELECTOR, "#mix_gain .heat td a")
    browser.execute_script(
        "document.documentElement.style.scrollBehavior = 'auto'; arguments[0].scrollIntoView({block: arguments[1]});"
        "arguments[0].focus({focusVisible: true, preventScroll: true});",
        link,
        block,
    )
    card = shown_card(browser)
    covered, top, bottom = browser.execute_script(
        "const card = arguments[0].getBoundingClientRect(), cell = arguments[1].getBoundingClientRect();"
        "return [card.top < cell.bottom && cell.top < card.bottom, card.top, card.bottom];",
        card,
        link,
    )
    assert not covered
    assert top >= 0
    assert bottom <= height
    command = card.find_elements(By.CSS_SELECTOR, ".card-code")[-1]
    assert command.text.startswith("xdomain report")

    def is_reached(_: object) -> bool:
        ActionChains(browser).send_keys(Keys.PAGE_DOWN).perform()
        return browser.execute_script(
            "return arguments[0].getBoundingClientRect().bottom <= arguments[1].getBoundingClientRect().bottom",
            command,
            card,
        )

    # Keys are answered in Chromium's own time, which a busy machine stretches.
    WebDriverWait(browser, 30).until(is_reached, "the command can be scrolled to")


def test_paper_shows_findings_and_effort_and_leaves_answers_folded(browser, page):
    def seen(selector: str) -> bool:
        return browser.execute_script("return document.querySelector(arguments[0]).checkVisibility()", selector)

    open_page(browser, page)
    assert not seen("#effort details table")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert seen("#effort details table")
        assert seen("#accuracy details table")
        assert not seen(".item pre")
        assert not seen(".numbers table")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_cells_can_be_walked_with_the_keyboard(browser, page):
    open_page(browser, page)
    first = browser.find_element(By.CSS_SELECTOR, "#transfer .heat td a")
    # The line before the table takes focus by script; from there on only keys are pressed.
    browser.execute_script("document.querySelector('.contents li:last-child a').focus()")
    ActionChains(browser).send_keys(Keys.TAB).perform()
    while browser.switch_to.active_element != first:
        ActionChains(browser).send_keys(Keys.TAB).perform()
        assert browser.switch_to.active_element.tag_name != "body"
    ActionChains(browser).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN).perform()
    cell = browser.switch_to.active_element.find_element(By.XPATH, "..")
    assert cell.get_property("cellIndex") == 2
    assert "science on science" in shown_card(browser).text.replace("Transfer: ", "")
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert not browser.find_element(By.ID, "card").is_displayed()


def test_enter_leads_to_the_line_of_the_number(browser, page):
    open_page(browser, page)
    link = browser.find_element(By.CSS_SELECTOR, "#transfer .heat td a")
    link.send_keys(Keys.ENTER)
    line = browser.find_element(By.ID, link.get_attribute("href").partition("#")[2])
    WebDriverWait(browser, 5).until(lambda _: line.is_displayed())


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("domains", [2, 8])
def test_the_page_never_scrolls_sideways(browser, tmp_path: Path, width, domains):
    open_page(browser, write_report(example_result(domains, 1), tmp_path, ["html"])["html"].as_uri(), width)
    browser.execute_script("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_dark_and_light_differ(browser, page):
    def ground(scheme: str) -> str:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        open_page(browser, page)
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    assert ground("dark") != ground("light")


def test_items_can_be_filtered(browser, page):
    open_page(browser, page)
    browser.find_element(By.CSS_SELECTOR, "select[name=change] option[value=lost]").click()
    kept = [item for item in browser.find_elements(By.CSS_SELECTOR, ".item") if item.is_displayed()]
    assert len(kept) == 6
    assert browser.find_element(By.CSS_SELECTOR, ".filters output").text == "6 of 12 items"


def test_without_script_a_cell_still_leads_to_its_numbers(browser, page):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, page)
        link = browser.find_element(By.CSS_SELECTOR, "#transfer .heat td a")
        assert link.is_displayed()
        assert browser.find_element(By.ID, link.get_dom_attribute("href")[1:]).tag_name == "tr"
        assert not browser.find_element(By.CSS_SELECTOR, ".filters").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("domains", [2, 4, 8])
def test_the_first_screen_answers_the_questions(browser, tmp_path: Path, domains):
    page = write_report(example_result(domains, 3), tmp_path, ["html"])["html"].as_uri()
    open_page(browser, page, 1280, 900)
    answers = browser.execute_script(
        "return [...document.querySelectorAll('.answer')].map((answer) => {"
        "  const box = answer.getBoundingClientRect();"
        "  return [answer.querySelector('dt').textContent, box.top, box.bottom, box.right];"
        "});"
    )
    assert [title for title, *_ in answers[:5]] == ["Ways to combine", "Transfer", "Order", "Retention", "Mixture"]
    for title, top, bottom, right in answers[:5]:
        assert top > 0, title
        assert bottom <= 900, title
        assert right <= 1280, title
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 1280
    facts = browser.find_element(By.CSS_SELECTOR, ".facts").text
    assert "Training seeds\n3" in facts
    assert "Test items per domain\n300" in facts


def test_details_of_an_answer_are_folded_and_open(browser, page):
    open_page(browser, page)
    fold = browser.find_element(By.XPATH, "//details[summary/span[text()='Not beaten']]")
    line = fold.find_element(By.CSS_SELECTOR, "li")
    assert not line.is_displayed()
    fold.find_element(By.CSS_SELECTOR, "summary").send_keys(Keys.ENTER)
    assert line.is_displayed()
