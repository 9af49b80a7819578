"""Examples of the supervised warm-up; tests of the base stage train on them."""

from __future__ import annotations

from xdomain.domains.base import Item
from xdomain.models.tiny import tiny_tokenizer
from xdomain.train.warmup import warmup_row


def test_only_the_solution_and_its_end_are_learned() -> None:
    tokenizer = tiny_tokenizer()
    row = warmup_row(Item("i", "1+1=", "2"), "2", tokenizer, chat=False)
    assert tokenizer.decode(row["input_ids"]) == "1+1=2<eos>"
    assert row["completion_mask"] == [0, 0, 0, 0, 1, 1]


def test_open_reasoning_is_closed_before_the_solution() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{{ messages[0].content }}<think>"
    row = warmup_row(Item("i", "1+1=", "2"), "2", tokenizer, chat=True)
    learned = [number for number, kept in zip(row["input_ids"], row["completion_mask"], strict=True) if kept]
    assert tokenizer.decode(learned) == "</think>\n\n2<eos>"
    closed = warmup_row(Item("i", "1+1=", "2"), "so</think>2", tokenizer, chat=True)
    assert tokenizer.decode(closed["input_ids"]) == "1+1=<think>so</think>2<eos>"
