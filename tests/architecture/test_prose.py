"""The prose of source, docs and changelog keeps to plain English."""

from __future__ import annotations

import pytest

from tests.support.prose import ROOT, Passage, html_prose, markdown_prose, passages, phrases, python_prose, yaml_prose

LIMIT = 10
"""Phrases per 10,000 words that may remain, since some are right English where they are used."""


@pytest.mark.parametrize(
    "paths",
    [
        ["xdomain", "experiments", "benchmarks"],
        ["docs", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"],
    ],
    ids=" ".join,
)
def test_few_phrases_that_plain_english_avoids(paths: list[str]) -> None:
    read = list(passages([ROOT / path for path in paths]))
    words = sum(len(passage.text.split()) for passage in read)
    hits = [(passage, phrase) for passage in read for phrase in phrases(passage)]
    listed = "\n".join(f"{passage.path}:{passage.line}: [{phrase}] {passage.text.strip()}" for passage, phrase in hits)
    assert words > 5000
    assert len(hits) / words * 10_000 < LIMIT, f"{len(hits)} phrases in {words} words:\n{listed}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The schema stands beside the file", ["stands beside", "beside"]),
        ("tokens an item, in place of one of its own", ["of its own", "in place of", "tokens an item"]),
        ("A plain sentence about one run per seed.", []),
    ],
)
def test_phrases_are_found(text: str, found: list[str]) -> None:
    assert phrases(Passage("x.md", 1, text)) == found


def test_prose_of_each_kind_of_file() -> None:
    assert list(python_prose('x = "three words here"  # and why\ny = "two words"\n')) == [
        (1, "three words here"),
        (1, "and why"),
    ]
    assert list(markdown_prose("before\n```\ncode\n```\nafter\n")) == [(1, "before"), (5, "after")]
    assert list(yaml_prose("key: value  # a reason\nurl: a#b\n")) == [(1, "a reason")]
    assert list(html_prose("<p>Words</p>")) == [(1, " Words ")]
