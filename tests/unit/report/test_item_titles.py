"""Items by their question."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import ItemChange
from xdomain.report.html import render_html
from xdomain.report.item_titles import MOST_LETTERS, item_titles

(EXAMPLE,) = example_result(2, 1).items[:1]
TEMPLATE = "Solve the following problem. Think step by step before you answer, and check your steps. {} Put the final "
TEMPLATE += "answer in a box."


def item(prompt: str | None, domain: str = "math") -> ItemChange:
    return EXAMPLE.model_copy(update={"prompt": prompt, "domain": domain, "item_id": "0b66aaeb53886e2f"})


def test_a_short_question_is_the_title_and_an_unknown_one_is_the_id() -> None:
    assert item_titles([item("110+200="), item("T & F\nor T"), item(None)]) == [
        "110+200=",
        "T & F or T",
        "item 0b66aaeb53886e2f",
    ]


def test_a_template_that_all_items_share_is_left_out() -> None:
    questions = ["How many legs has a spider?", "What is 17 times 4?", "What is 17 times 3?"]
    assert item_titles([item(TEMPLATE.format(question)) for question in questions]) == questions


def test_domains_have_their_own_templates() -> None:
    other = TEMPLATE.replace("problem", "riddle")
    found = item_titles([item(TEMPLATE.format("One?")), item(TEMPLATE.format("Two?")), item(other.format("A?"), "x")])
    assert found[:2] == ["One?", "Two?"]
    assert found[2].startswith("Solve the following riddle.")


def test_a_long_title_is_cut() -> None:
    (title,) = item_titles([item("word " * 100)])
    assert len(title) == MOST_LETTERS
    assert title.endswith("…")


def test_the_page_lists_items_by_question_and_escapes_it() -> None:
    result = example_result(2, 1)
    page = render_html(result.model_copy(update={"items": (item("<b>1+1</b>="),)}))
    assert "math · &lt;b&gt;1+1&lt;/b&gt;=" in page
    assert "· 0b66aaeb53886e2f" not in page
