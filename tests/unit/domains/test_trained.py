"""Prompts that a stage trains on, as its schedule keeps them."""

from __future__ import annotations

from pathlib import Path

from xdomain.domains.base import Item
from xdomain.domains.splits import prompt_key
from xdomain.domains.trained import items_trained_on, read_schedule, schedule_line, trained_keys

PLAIN = Item("a", "One?", "1")
TEMPLATED = Item("b", "Say: two?", "2", split_key=prompt_key("two?"))


def test_an_item_has_the_key_of_its_question_and_of_its_prompt() -> None:
    assert len(trained_keys(PLAIN)) == 1
    assert trained_keys(TEMPLATED) == [prompt_key("two?")[:16], prompt_key("Say: two?")[:16]]


def test_a_schedule_keeps_domains_and_keys_in_order(tmp_path: Path) -> None:
    lines = [schedule_line("math", 0, TEMPLATED), schedule_line("logic", 3, PLAIN)]
    (tmp_path / "schedule.jsonl").write_text("\n".join(lines) + "\n")
    assert read_schedule(tmp_path / "schedule.jsonl") == [
        ("math", trained_keys(TEMPLATED)),
        ("logic", trained_keys(PLAIN)),
    ]


def test_an_item_is_found_again_under_another_template() -> None:
    again = Item("c", "Tell: two?", "2", split_key=prompt_key("two?"))
    assert items_trained_on([PLAIN, again], trained_keys(TEMPLATED)) == [again]
