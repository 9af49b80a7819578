"""Rollouts are sampled and read as evaluation does."""

from __future__ import annotations

import pytest
import torch

from xdomain.domains.base import Item
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer
from xdomain.train.rollouts import RolloutReader, prompt_fits, settings_of_the_file, without_parsing

TOKENIZER = tiny_tokenizer()
END = int(TOKENIZER.eos_token_id)


def ids(text: str) -> list[int]:
    return list(TOKENIZER(text)["input_ids"])


@pytest.mark.parametrize(
    ("tokens", "prompt_tokens", "kept", "truncated", "text"),
    [
        ([*ids("ab"), END], 3, 3, False, "ab"),
        (ids("abc"), 3, 3, True, "abc"),
        (ids("ab\ncd"), 3, 3, False, "ab"),
        (ids("abcdef"), 7, 3, True, "abc"),
        (ids("abc"), 12, 1, True, "a"),
    ],
)
def test_where_a_completion_ends(tokens: list[int], prompt_tokens: int, kept: int, truncated: bool, text: str) -> None:
    reader = RolloutReader(TOKENIZER, [END], 10, {"d": ("\n",)})
    rollout = reader.read({"prompt": "x", "domain": "d"}, prompt_tokens, tokens)
    assert (len(rollout.token_ids), rollout.truncated, rollout.text) == (kept, truncated, text)


def test_reasoning_that_the_prompt_opens_is_part_of_the_text() -> None:
    reader = RolloutReader(TOKENIZER, [END], None, {"d": ()})
    assert reader.read({"prompt": "x<think>\n", "domain": "d"}, 3, ids("a")).text == "<think>\na"


def test_only_prompts_that_may_be_too_long_are_tokenised() -> None:
    assert prompt_fits(Item("i", "x" * 50, ""), None, False, None)
    assert prompt_fits(Item("i", "x" * 10, ""), None, False, 50)
    assert prompt_fits(Item("i", "é" * 30, ""), TOKENIZER, False, 30)
    assert not prompt_fits(Item("i", "x" * 31, ""), TOKENIZER, False, 30)


def test_the_models_own_settings_come_back() -> None:
    model = tiny_qwen3()[0]
    model.generation_config.no_repeat_ngram_size = 2
    own = model.generation_config
    with settings_of_the_file(model, 4):
        assert not model.generation_config.no_repeat_ngram_size
        held = model(input_ids=torch.tensor([[5, 6]]), position_ids=torch.tensor([[2, 9]])).logits
    assert torch.equal(held, model(input_ids=torch.tensor([[5, 6]]), position_ids=torch.tensor([[2, 3]])).logits)
    assert model.generation_config is own
    assert not model._forward_pre_hooks


def test_a_response_template_is_out_of_sight_meanwhile() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.response_schema = {"x": 1}
    with without_parsing(tokenizer):
        assert tokenizer.response_schema is None
    assert tokenizer.response_schema == {"x": 1}
