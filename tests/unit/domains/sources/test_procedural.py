"""Rows from a generator."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.domain_source import ProceduralSource
from xdomain.core.errors import ConfigError, DataError
from xdomain.domains.base import Split
from xdomain.domains.sources.procedural import DEV_SHARE, TEST_SHARE, ProceduralRows
from xdomain.domains.splits import prompt_key, split_of


def source(**settings: Any) -> ProceduralRows:
    return ProceduralRows(
        ProceduralSource(kind="procedural", **{"generator": "truth", "sizes": (50, 10, 20), **settings})
    )


def test_splits_are_disjoint_by_the_hash_of_the_question() -> None:
    made = source()
    questions = {split: [row.values["question"] for row in made.rows(split.value)] for split in Split}
    assert [len(each) for each in questions.values()] == [50, 10, 20]
    for split, texts in questions.items():
        assert len(set(texts)) == len(texts)
        assert {split_of(prompt_key(text), dev=DEV_SHARE, test=TEST_SHARE) for text in texts} == {split}


def test_a_larger_split_begins_like_a_smaller_one() -> None:
    small, large = source(), source(sizes=(80, 10, 20))
    assert list(large.rows("train"))[:50] == list(small.rows("train"))
    assert small.identity() != large.identity()
    assert small.size("test") == 20


def test_levels_and_question_spaces_are_limited() -> None:
    with pytest.raises(ConfigError, match="has no level 99"):
        source(level=99)
    with pytest.raises(DataError, match="distinct questions for test"):
        source(generator="letters", level=5, sizes=(1, 1, 10**6)).row(Split.TEST, 0, AllSeen())


class AllSeen(set[str]):
    """A set that has every question already."""

    def __contains__(self, key: object) -> bool:
        return True
