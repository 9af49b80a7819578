"""LaTeX that takes text literally."""

from __future__ import annotations

import re

import pytest

from tests.support.report_example import HOSTILE, example_result
from xdomain.report.latex import escaped, render_latex


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
