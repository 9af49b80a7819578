"""Completions of earlier evaluations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xdomain.core.errors import StoreError
from xdomain.core.parquet import write_records
from xdomain.core.records import ItemRecord, Outcome
from xdomain.core.stage import Lender
from xdomain.domains.base import Item
from xdomain.evaluate.borrowed import Borrowed
from xdomain.evaluate.prompts import Prompts
from xdomain.generation.base import Completion, PromptRequest

ITEMS = [Item("a", "p", "1"), Item("b", "q", "2")]
PROMPTS = Prompts([PromptRequest((1,), (10, 11)), PromptRequest((2,), (20, 21))], ["ha", "hb"], ["", ""], "none")
RECORD = ItemRecord(
    stage_key="k", checkpoint="c", domain="d", item_id="a", cluster_id="a", sample=0, prompt_hash="ha",
    completion="one", answer="1", gold="1", score=1.0, outcome="right", reason="equal", completion_tokens=3,
    finish_reason="stop", mean_entropy=None, scorer="text/2", seed=10, prompt_tokens=1,
)  # fmt: skip


def lender(folder: Path, key: str, *records: ItemRecord, alike: bool = True) -> Lender:
    write_records(folder / f"{key}.parquet", records)
    return Lender(key, folder / f"{key}.parquet", alike)


def record(**changes: Any) -> ItemRecord:
    return replace(RECORD, **changes)


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    other = [record(item_id="b", prompt_hash="hb", seed=seed) for seed in (20, 21)]
    stranger = record(prompt_hash="another prompt", seed=11)
    borrowed = Borrowed(ITEMS, PROMPTS, [lender(tmp_path, "x", RECORD, stranger, *other)])
    assert borrowed.whole == [1]
    (missing,) = borrowed.missing()
    assert (missing.places, missing.requests[0].seeds) == ([0], (11,))
    new = Completion("new", 2, "stop", None)
    completions, verdicts = borrowed.complete(0, [new])
    assert [each.text for each in completions] == ["one", "new"]
    assert [verdict and verdict.outcome for verdict in verdicts] == [Outcome.RIGHT, None]
    assert borrowed.generated(0, completions) == [new]
    assert borrowed.by_lender() == {"x": 3}


def test_verdicts_of_another_verifier_and_unscored_ones_are_judged_again(tmp_path: Path) -> None:
    one = Borrowed(ITEMS, PROMPTS, [lender(tmp_path, "x", RECORD, alike=False)])
    assert one.complete(0, [Completion("", 0, "stop", None)])[1] == [None, None]
    unscored = record(outcome="unscored", score=None, reason="judge down")
    other = Borrowed(ITEMS, PROMPTS, [lender(tmp_path, "y", unscored)])
    assert other.complete(0, [Completion("", 0, "stop", None)])[1][0] is None


def test_lenders_that_disagree_are_refused(tmp_path: Path) -> None:
    first = lender(tmp_path, "x", RECORD)
    Borrowed(ITEMS, PROMPTS, [first, lender(tmp_path, "y", RECORD)])
    for key, change, what in (("z", {"completion": "two"}, "completion"), ("w", {"reason": "near"}, "verdict")):
        with pytest.raises(StoreError, match=f'holds another {what} of item "a"'):
            Borrowed(ITEMS, PROMPTS, [first, lender(tmp_path, key, record(**change))])


def test_without_lenders_everything_is_asked_for() -> None:
    borrowed = Borrowed(ITEMS, PROMPTS, [])
    (missing,) = borrowed.missing()
    assert missing.requests == PROMPTS.requests
    assert borrowed.whole == []
