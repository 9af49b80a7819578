"""Questions that occur twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.domains_from_rows import domain, write_jsonl
from xdomain.core.errors import DataError
from xdomain.domains.base import Item
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.overlap import find_overlap, find_overlaps, refuse_overlaps, repeated_prompts


def made(folder: Path, train: list[str], test: list[str], **settings: Any) -> DataDomain:
    parts = {"train": train, "test": test}
    files = {
        part: write_jsonl(folder / f"{part}{len(list(folder.iterdir()))}", [{"q": text, "a": "1"} for text in texts])
        for part, texts in parts.items()
    }
    return domain({"kind": "jsonl", **files}, split={"dev": 0.0}, **settings)


def test_exact_and_normalised_repeats_are_counted(tmp_path: Path) -> None:
    one = made(tmp_path, ["What is A?", "b", "c"], ["What is A?", "  WHAT is  a?", "B", "new"])
    found = find_overlap(one, one)
    assert (found.exact, found.normalised, found.total, found.test_items) == (1, 2, 3, 4)
    assert len(found.examples) == 3


def test_an_overlap_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    fine = made(tmp_path, ["a"], ["b"])
    assert find_overlaps([fine]) == refuse_overlaps([fine]) == []
    leaky = made(tmp_path, ["a", "b"], ["b"])
    with pytest.raises(DataError, match=r'1 of 1 test prompts of "sums" are in the train split of "sums"'):
        refuse_overlaps([leaky])
    allowed = made(tmp_path, ["a", "b"], ["b"], allow_overlap=["sums"])
    assert [overlap.total for overlap in refuse_overlaps([allowed])] == [1]


def test_a_warm_up_counts_too(tmp_path: Path) -> None:
    tested, warmed = made(tmp_path, ["a"], ["b"]), made(tmp_path, ["b"], ["c"])
    assert len(find_overlaps([tested], [warmed])) == 1


def test_repeated_prompts() -> None:
    items = [Item("1", "p", "a"), Item("2", "p", "b"), Item("3", "p", "a", system="s"), Item("4", "P", "a")]
    assert repeated_prompts(items) == 1
