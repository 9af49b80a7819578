"""The same notes in every format."""

from __future__ import annotations

import html
import json

import pytest
from rich.console import Console

from tests.support.report_example import example_result, with_matrices
from xdomain.analysis.result import Cell
from xdomain.report import latex, markdown
from xdomain.report.notes import NOTATION, missing_note, notes
from xdomain.report.terminal import tables
from xdomain.report.write import write_report

RESULT = example_result(3, 2)
REFUSED = {"a": {"b": Cell(note="not measured: no seed has all sides")}}
RESULT = with_matrices(RESULT, RESULT.matrices["refresh"].model_copy(update={"cells": REFUSED, "rows": ("a",)}))


def words(text: str) -> str:
    return " ".join(text.split())


WRITTEN = {"markdown": markdown.escaped, "latex": latex.escaped, "html": str, "terminal": str}
"""How each format writes a text."""


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each format for people."""
    files = write_report(RESULT, tmp_path_factory.mktemp("report"), ["markdown", "html", "latex"])
    texts = {name: words(path.read_text(encoding="utf-8")) for name, path in files.items()}
    console = Console(width=100_000, no_color=True)
    with console.capture() as capture:
        for part in tables(RESULT):
            console.print(part)
    return texts | {"terminal": words(capture.get()), "html": html.unescape(texts["html"])}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_for_people_has_every_note(formats: dict[str, str], name: str) -> None:
    for note in [NOTATION, *notes(RESULT), *RESULT.meta.missing, *(finding.sentence for finding in RESULT.findings)]:
        assert words(WRITTEN[name](note)) in formats[name], note


def test_json_holds_what_the_notes_are_made_of() -> None:
    document = json.loads(RESULT.model_dump_json())
    assert tuple(document["meta"]["statements"]) == RESULT.meta.statements
    assert document["matrices"]["refresh"]["cells"]["a"]["b"]["note"] in " ".join(notes(RESULT))
    assert [finding["sentence"] for finding in document["findings"]] == document["sentences"][: len(RESULT.findings)]


def test_notes_say_why_a_table_has_no_number() -> None:
    assert "Refresh: not measured: no seed has all sides" in notes(RESULT)


@pytest.mark.parametrize(
    ("missing", "most", "text"),
    [((), None, ""), (("a",), None, "Not measured: a."), (tuple("abc"), 2, "Not measured: a, b and 1 more."),
     (tuple("abc"), None, "Not measured: a, b, c.")],
)  # fmt: skip
def test_missing_evaluations_are_named_up_to_a_number(missing, most, text) -> None:
    meta = RESULT.meta.model_copy(update={"missing": missing})
    assert missing_note(RESULT.model_copy(update={"meta": meta}), most) == text
