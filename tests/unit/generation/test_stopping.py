"""End tokens, stop strings and special tokens."""

from __future__ import annotations

import pytest

from xdomain.generation.stopping import StopStrings, end_tokens
from xdomain.models.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
END = int(TOKENIZER.eos_token_id)


def ids(text: str) -> list[int]:
    return list(TOKENIZER(text)["input_ids"])


@pytest.mark.parametrize(("declared", "ends"), [(None, [END]), (7, [END, 7]), ([7, END], [END, 7])])
def test_the_models_and_the_tokenizers_ends_count(declared: int | list[int] | None, ends: list[int]) -> None:
    assert end_tokens(declared, TOKENIZER) == sorted(ends)


def test_reading_stops_at_the_first_stop_string_or_end() -> None:
    reader = StopStrings(TOKENIZER, ("END", "\n\n"))
    assert reader.read([*ids("a"), END], {END}) == ("a", True)
    assert reader.read(ids("abc"), {END}) == ("abc", False)
    assert reader.read(ids("a\n\nb END"), {END}) == ("a", True)
    assert reader.read([], {END}) == ("", False)


def test_a_hit_is_seen_at_the_token_that_completes_it() -> None:
    reader = StopStrings(TOKENIZER, ("END",))
    long = "x" * 100
    assert reader.hit([ids(long + "EN"), ids(long + "END")]) == [False, True]
    assert reader.first_stop(ids("xxENDyy")) == 5
    assert reader.first_stop(ids("xx")) is None


def test_special_tokens_are_hidden_but_reasoning_is_shown() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<x>"]})
    text = "<think>a</think><x>b"
    assert StopStrings(tokenizer, ()).decode([tokenizer(text)["input_ids"]]) == ["<think>a</think>b"]
