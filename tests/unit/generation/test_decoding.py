"""Decoding with a cache equals decoding without."""

from __future__ import annotations

import peft
import pytest
import torch

from xdomain.generation.base import PromptRequest
from xdomain.generation.decoding import Cached, Recomputed, fitting
from xdomain.models.tiny import tiny_qwen3


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return tiny_qwen3(seed=1)[0].eval()


@torch.inference_mode()
def test_prompts_of_other_lengths_do_not_change_a_rows_logits(model: torch.nn.Module) -> None:
    requests = [PromptRequest((5, 6, 7), (0, 1)), PromptRequest((8, 9, 10, 11, 12, 13), (0, 1))]
    cached = Cached(model, 0)
    together = [cached.begin(requests)]
    cached.select(torch.tensor([0, 1, 3]))
    together += [cached.step(torch.tensor([4, 5, 6])), cached.step(torch.tensor([7, 8, 9]))]
    for row, request, tokens in ((0, requests[0], (4, 7)), (1, requests[0], (5, 8)), (3, requests[1], (6, 9))):
        plain = Recomputed(model)
        alone = [plain.begin([PromptRequest(request.token_ids, (0,))])] + [
            plain.step(torch.tensor([token])) for token in tokens
        ]
        kept = {0: 0, 1: 1, 3: 2}[row]
        assert torch.allclose(together[0][row], alone[0][0], atol=1e-4)
        assert all(
            torch.allclose(one[kept], other[0], atol=1e-4) for one, other in zip(together[1:], alone[1:], strict=True)
        )


@torch.inference_mode()
def test_requests_have_as_many_rows_as_seeds(model: torch.nn.Module) -> None:
    requests = [PromptRequest((5, 6, 7), (0, 1, 2)), PromptRequest((8, 9), (0,))]
    logits = Cached(model, 0).begin(requests)
    for row, request in zip(logits, [requests[0]] * 3 + [requests[1]], strict=True):
        (alone,) = Recomputed(model).begin([PromptRequest(request.token_ids, (0,))])
        assert torch.allclose(row, alone, atol=1e-4)


def test_a_model_whose_cache_works_keeps_it(model: torch.nn.Module) -> None:
    make, slow = fitting(model, 0)
    assert slow == ""
    assert isinstance(make(), Cached)


def test_a_model_with_adapters_keeps_its_cache() -> None:
    adapter = peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(tiny_qwen3(seed=1)[0], adapter).eval()
    decoder, reason = fitting(adapted, 0)
    assert reason == ""
    assert isinstance(decoder(), Cached)


def test_a_model_that_depends_on_padding_is_read_again(model: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    def ignores_the_mask(self: object, **arguments: object) -> object:
        arguments["attention_mask"] = None
        arguments.pop("position_ids", None)
        return plain(**arguments)

    plain = model.forward
    monkeypatch.setattr(type(model), "__call__", ignores_the_mask)
    make, slow = fitting(model, 0)
    assert "gives other answers with padding and a cache" in slow
    assert isinstance(make(), Recomputed)
