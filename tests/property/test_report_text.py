"""Whatever a name, a sentence or an answer holds, it stays text, and the numbers beside it stay what they are."""

import csv
import io
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.report_example import example_result, with_matrices
from xdomain.analysis.result import AnalysisResult, Finding
from xdomain.core.foreign_text import plain
from xdomain.report import latex, markdown
from xdomain.report.delimited import long_csv
from xdomain.report.html import render_html

RESULT = example_result(2, 1)
PIECES = (
    "<",
    ">",
    "&",
    "'",
    '"',
    "`",
    "|",
    "{{",
    "}}",
    "{%",
    "</script>",
    "<script>",
    "]]>",
    "<!--",
    "\\",
    "$",
    "\x1b[0m",
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def with_finding(text: str) -> AnalysisResult:
    """The example with one main and one other finding in these words."""
    found = [Finding(name="order", title=text, sentence=text, is_main=main, details=(text,)) for main in (True, False)]
    return RESULT.model_copy(update={"findings": tuple(found)})


HARMLESS = Tags(render_html(with_finding("harmless"))).found


@settings(max_examples=25, deadline=None)
@given(HOSTILE)
def test_a_sentence_adds_no_tag_and_no_attribute(text):
    page = Tags(render_html(with_finding(text)))
    assert page.found == HARMLESS
    assert "".join(page.texts).count(plain(text, keep_lines=True)) >= 6


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
def test_csv_reads_back_whatever_the_rows_are_called(text):
    cells = {text: RESULT.matrices["transfer"].cells["math"]}
    matrix = RESULT.matrices["transfer"].model_copy(update={"rows": (text,), "cells": cells})
    rows = list(csv.DictReader(io.StringIO(long_csv(with_matrices(RESULT, matrix)), newline="")))
    found = [row for row in rows if row["matrix"] == "transfer"]
    assert [row["estimate"] for row in found] == [str(cell.estimate) for cell in cells[text].values()]
    assert all(row["row"] in {plain(text), f"'{plain(text)}"} for row in found)


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_markdown_and_latex_leave_nothing_special_unescaped(text):
    assert "\n" not in markdown.escaped(text)
    bare = markdown.escaped(text).replace("\\\\", "")
    for position, character in enumerate(bare):
        if character in "<>|`[]*_":
            assert bare[position - 1] == "\\"
    outside = latex.escaped(text)
    for command in ("\\textbackslash{}", "\\{", "\\}", "\\$", "\\&", "\\%", "\\#", "\\_"):
        outside = outside.replace(command, "")
    assert not set(outside) & set("&%#_")
