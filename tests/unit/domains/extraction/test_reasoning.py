"""Reasoning and end tokens are cut off."""

from __future__ import annotations

import time

import pytest

from xdomain.domains.extraction.reasoning import cut_reasoning, without_end_tokens


@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        ("<think>5</think>6", "6"),
        ("5</think>6", "6"),
        ("4<think>5", "4"),
        ("<THINK>5</Think>6", "6"),
        ("[THINK]5[/THINK]6", "6"),
        ("◁think▷5◁/think▷6", "6"),
        ("<think>1</think>2<think>3</think>4", "24"),
        ("a < b", "a < b"),
        ("6<|im_end|>\n</s>", "6"),
    ],
)
def test_what_is_judged(completion: str, kept: str) -> None:
    assert cut_reasoning(completion, ("think",)) == kept


def test_without_tags_nothing_is_cut() -> None:
    assert cut_reasoning("<think>5</think>6", ()) == "<think>5</think>6"


def test_an_end_token_in_the_middle_stays() -> None:
    assert without_end_tokens("a<|im_end|>b") == "a<|im_end|>b"


def test_hostile_text_is_read_in_linear_time() -> None:
    started = time.monotonic()
    cut_reasoning("<think>" * 200_000, ("think",))
    without_end_tokens("<|a|>" * 200_000)
    assert time.monotonic() - started < 10
