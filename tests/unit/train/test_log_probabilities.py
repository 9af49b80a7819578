"""TRL's log-probabilities against the model's own."""

from __future__ import annotations

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from trl.trainer.utils import add_fused_lm_head

from xdomain.core.errors import ConfigError, StageError
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.log_probabilities import (
    ROUNDING,
    add_positions,
    align_log_probabilities,
    check_log_probabilities,
    log_probability_gap,
)


def gpt2() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=2, n_positions=64)).eval()


def test_rotary_positions_agree() -> None:
    model = tiny_qwen3(seed=1)[0].eval()
    add_fused_lm_head(model)
    assert log_probability_gap(model) < ROUNDING[torch.float32]


def test_learned_positions_are_counted_from_the_first_real_token() -> None:
    model = gpt2()
    add_fused_lm_head(model)
    assert log_probability_gap(model) > 1e-3
    align_log_probabilities(model)
    assert log_probability_gap(model) < ROUNDING[torch.float32]


def test_looking_draws_nothing_and_keeps_the_mode() -> None:
    model = gpt2().train()
    add_fused_lm_head(model)
    before = torch.get_rng_state()
    log_probability_gap(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_weights_that_are_not_finite_are_told() -> None:
    model = tiny_qwen3()[0]
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(StageError, match="logits that are not finite"):
        check_log_probabilities(model)


def test_a_model_that_changes_its_logits_afterwards_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_qwen3(seed=1)[0].eval()
    add_fused_lm_head(model)
    patched = model.forward

    def capped(*arguments: object, **named: object) -> object:
        output = patched(*arguments, **named)
        if getattr(output, "logits", None) is not None and not named.get("fused_lm_head"):
            output.logits = torch.tanh(output.logits) * 0.1
        return output

    monkeypatch.setattr(model, "forward", capped)
    with pytest.raises(ConfigError, match="would follow a wrong gradient"):
        align_log_probabilities(model)


def test_a_backbone_without_positions_is_left_alone() -> None:
    assert not add_positions(torch.nn.Linear(2, 2))
