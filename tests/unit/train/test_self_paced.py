"""Prompts from easy to hard; tests/invariant/test_self_paced.py trains on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support.records import RECORD
from xdomain.core.parquet import write_records
from xdomain.train.prompt_schedule import ScheduledPrompt
from xdomain.train.self_paced import easy_to_hard, read_pass_rates


def test_places_of_domains_stay_and_prompts_get_harder() -> None:
    schedule = [ScheduledPrompt(*each) for each in [("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 1)]]
    ordered = easy_to_hard(schedule, {"a": {0: 0.1, 1: 0.9, 2: 0.5}, "b": {0: 0.5, 1: 0.5}})
    assert [each.domain for each in ordered] == [each.domain for each in schedule]
    assert [each.index for each in ordered if each.domain == "a"] == [1, 2, 0]
    assert [each.index for each in ordered if each.domain == "b"] == [0, 1], "ties stay in the queue's order"


def test_rates_are_means_over_samples_and_unjudged_items_are_left_out(tmp_path: Path) -> None:
    right = replace(RECORD, score=1.0, outcome="right")
    write_records(
        tmp_path / "records.parquet",
        [right, replace(right, score=0.0, outcome="wrong", sample=1), replace(RECORD, item_id="unjudged")],
    )
    assert read_pass_rates(tmp_path) == {"i": 0.5}
