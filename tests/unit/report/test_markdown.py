"""Markdown that takes text literally."""

from __future__ import annotations

import re

from tests.support.report_example import HOSTILE, example_result
from xdomain.report.markdown import Raw, escaped, markdown_table, render_markdown, superscript


def test_text_is_taken_literally_and_stays_on_its_line() -> None:
    assert escaped("a|b*c*\n# d") == r"a\|b\*c\* \# d"
    assert "<script>" not in escaped(HOSTILE)


def test_a_table_escapes_what_is_no_markdown_yet() -> None:
    table = markdown_table(["a", "b"], [["x|y", Raw("**z**")]])
    assert table == "| a | b |\n|---|---:|\n| x\\|y | **z** |"
    assert superscript("a") == "<sup>a</sup>"
    assert superscript("") == ""


def test_every_table_has_as_many_cells_as_its_header() -> None:
    text = render_markdown(example_result(3, 2))
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE):
        lines = block.strip().splitlines()
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1, lines[0]


def test_what_was_not_measured_is_said_once() -> None:
    text = render_markdown(example_result(2, 1, measured=False))
    assert text.count("\n> Transfer: ") == 1
    assert "## Transfer" not in text
    assert "Made by `xdomain report x y`." in render_markdown(
        example_result(2, 1), report_command="xdomain report `x y`"
    )
