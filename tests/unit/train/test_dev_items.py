"""Dev items: watched ones and those of the confirmation, answered by the real sampler with their own random numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.support.toy_training import CharacterDomain
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Split
from xdomain.domains.draw import choose_items
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.sampler import Sampler
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.alarms.design import DomainDesign, Method
from xdomain.train.dev_items import DevItems, evaluated

TOKENS = 200
EVALUATION = EvaluationConfig(temperature=1.0, max_completion_tokens=TOKENS, seed=3)
DOMAIN = CharacterDomain("letters", str.isalpha)


@pytest.fixture(scope="module")
def model() -> Any:
    """An untrained model and its tokenizer. Its completions end by chance."""
    return tiny_qwen3()


def dev_items(tokenizer: Any) -> DevItems:
    return DevItems(DOMAIN, DomainDesign(Method.CONFIRM, 5, 10, 2), EVALUATION, tokenizer, chat=False)


def test_watched_items_come_first_and_all_are_those_of_an_evaluation(model: Any) -> None:
    found = dev_items(model[1])

    def chosen(count: int) -> set[str]:
        settings = EVALUATION.model_copy(update={"items": count})
        return {item.id for item in choose_items(DOMAIN, settings, Split.DEV)}

    assert {item.id for item in found.items[:5]} == chosen(5)
    assert {item.id for item in found.items} == chosen(15)
    assert (found.watched, found.others) == (range(5), range(5, 15))


def test_scores_are_those_of_completions_with_the_seeds_of_an_evaluation(model: Any) -> None:
    network, tokenizer = model
    end = tokenizer.eos_token_id
    found, sampler = dev_items(tokenizer), Sampler(network.eval(), tokenizer, [end], 16_384)
    before = torch.get_rng_state()
    answered = found.answer(sampler, [end], range(15))
    assert torch.equal(torch.get_rng_state(), before)
    expected, tokens = [], 0
    for item in found.items:  # one at a time, by hand
        ids = tuple(tokenizer(item.prompt)["input_ids"])
        request = PromptRequest(ids, (derive_seed("sample", 3, "letters", item.id, 0),))
        ((_, (row,)),) = sampler.sample([request], Sampling(TOKENS, 1.0))
        ended = row.token_ids[-1] == end
        text = tokenizer.decode(row.token_ids[:-1] if ended else row.token_ids)
        expected.append(float(ended and sum(map(str.isalpha, text)) * 2 > len(text)))
        tokens += len(row.token_ids)
    assert answered.scores == tuple(expected)
    assert 0 < sum(expected) < 15
    assert answered.completion_tokens == tokens
    again = found.answer(sampler, [end], found.others)
    assert again.scores == answered.scores[5:]


def test_a_prompt_that_does_not_fit_has_no_score(model: Any) -> None:
    network, tokenizer = model
    sampler = Sampler(network.eval(), tokenizer, [tokenizer.eos_token_id], 16_384)
    sampler.context = 1
    assert dev_items(tokenizer).answer(sampler, [tokenizer.eos_token_id], range(2)).scores == (None, None)


def test_modes_of_all_modules_are_restored(model: Any) -> None:
    network = model[0]
    network.train()
    first = next(iter(network.children()))
    first.training = False
    accelerator = SimpleNamespace(unwrap_model=lambda wrapped: wrapped, state=SimpleNamespace(deepspeed_plugin=None))
    trainer = SimpleNamespace(
        model_wrapped=network,
        accelerator=accelerator,
        args=SimpleNamespace(gradient_checkpointing_kwargs=None),
    )
    with evaluated(trainer) as inside:
        assert not any(module.training for module in inside.modules())
    assert network.training
    assert not first.training
