"""LaTeX that takes text literally."""

from __future__ import annotations

import re

import pytest

from tests.support.report_example import HOSTILE, example_result
from xdomain.report.latex import FITTED, MOST_ROWS, escaped, render_latex


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50% & $x_1$", r"50\% \& \$x\_1\$"),
        ("a -> b", r"a $\rightarrow$ b"),
        ("\\write18{ls}", r"\textbackslash{}write18\{ls\}"),
        ("−5 [1, 2]", r"$-$5 {[}1, 2{]}"),
    ],
)
def test_escapes(text: str, written: str) -> None:
    assert escaped(text) == written


def test_hostile_text_starts_no_command() -> None:
    assert "\\write" not in escaped(HOSTILE)
    assert "\x1b" not in escaped(HOSTILE)


def test_tables_are_whole_and_labels_distinct() -> None:
    text = render_latex(example_result(3, 2))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") > 3
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert len(labels) == len(set(labels))
    for body in re.findall(r"\\begin\{tabular\}\{(.*?)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL):
        columns = len(body[0])
        lines = [line for line in body[1].splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {columns}


def test_every_table_is_shrunk_to_the_text_width_if_it_is_wider() -> None:
    text = render_latex(example_result(3, 2))
    boxes = re.findall(re.escape(FITTED) + r"\n\\begin\{tabular\}.*?\\end\{tabular\}\}\n", text, re.DOTALL)
    assert len(boxes) == text.count(r"\begin{tabular}") > 3
    assert "graphicx" in text.splitlines()[0]


def test_a_long_table_is_continued_and_no_row_is_lost() -> None:
    result = example_result(5, 1)
    text = render_latex(result)
    assert r"\label{tab:xdomain-accuracy-2}" in text
    assert r"\caption{Table~\ref{tab:xdomain-accuracy}, continued.}" in text
    tables = [part for part in text.split(r"\end{table}") if r"\label{tab:xdomain-accuracy" in part]
    assert all(f"\n{escaped(row)} & " in "".join(tables) for row in result.accuracy.rows)
    assert all(part.count(r" \\") <= MOST_ROWS + 1 for part in tables)


def test_findings_and_costs_are_part_of_the_file() -> None:
    result = example_result(3, 2)
    text = render_latex(result)
    assert all(rf"\item[{escaped(finding.title)}]" in text for finding in result.findings)
    assert all(rf"\item {escaped(line)}" in text for finding in result.findings for line in finding.details)
    assert r"\label{tab:xdomain-strategies-1}" in text
    assert r"\label{tab:xdomain-not-beaten}" in text
