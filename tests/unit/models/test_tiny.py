"""The model that tests and smoke grids train."""

from __future__ import annotations

import torch

from xdomain.models.tiny import CHARACTERS, tiny_qwen3, tiny_tokenizer


def test_a_token_is_a_character() -> None:
    tokenizer = tiny_tokenizer()
    assert tokenizer.decode(tokenizer(CHARACTERS)["input_ids"]) == CHARACTERS
    assert len(tokenizer("12+3=")["input_ids"]) == 5
    assert tokenizer("é")["input_ids"] == [tokenizer.unk_token_id]


def test_weights_follow_from_the_seed_alone() -> None:
    state = torch.get_rng_state()
    one, again, other = (tiny_qwen3(seed)[0] for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    name, weight = next(iter(one.state_dict().items()))
    assert torch.equal(weight, again.state_dict()[name])
    assert not torch.equal(weight, other.state_dict()[name])
    assert 4e5 < sum(each.numel() for each in one.parameters()) < 7e5
