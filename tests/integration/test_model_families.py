"""Every family of models: evaluated, trained on all weights and trained with LoRA, or refused by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.backends import loaded, served
from tests.support.families import FAMILIES, REFUSED, SLOW, WORKS, tiny_model
from tests.support.toy_training import toy_trainer
from xdomain.config.model import LoraConfig
from xdomain.core.errors import ConfigError
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.decoding import fitting
from xdomain.models.adapters import check_merge, new_adapter, try_adapter
from xdomain.models.checkpoint import load_adapter, load_plain, save_adapter, save_full
from xdomain.models.examine import check_causality, check_end, check_vocabulary, check_weights
from xdomain.models.tiny import tiny_tokenizer
from xdomain.train.displacement import displacement
from xdomain.train.log_probabilities import check_log_probabilities

PROMPTS = ["1+1=", "abc>", "a much longer prompt than those", "7", "km in m:"]
TOKENS = 10


def families(column: str, *wanted: str) -> list[Any]:
    """Parameters of a test; those that are not in every run are marked slow."""
    return [
        pytest.param(name, marks=() if family.always else pytest.mark.slow)
        for name, family in FAMILIES.items()
        if getattr(family, column) in wanted
    ]


def encoded() -> list[list[int]]:
    return [tiny_tokenizer()(text)["input_ids"] for text in PROMPTS]


@pytest.mark.parametrize("name", families("evaluation", WORKS, SLOW))
def test_evaluation_equals_plain_generation_of_each_prompt(name: str) -> None:
    model, tokenizer = tiny_model(name), tiny_tokenizer()
    check_vocabulary(model, tokenizer, "model")
    check_end(model, tokenizer, "model")
    check_weights(model, "model")
    check_causality(model, "model")
    requests = [PromptRequest(tuple(ids), (1, 2, 3)) for ids in encoded()]
    together, apart = (loaded(served(tiny_model(name), tokenizer), batch_tokens=size) for size in (10_000, 1))
    assert bool(together.events()) == (FAMILIES[name].evaluation == SLOW)
    greedy = dict(together.generate(requests, Sampling(TOKENS)))
    for place, ids in enumerate(encoded()):
        inputs = torch.tensor([ids])
        # A new model each time, since recurrent_gemma keeps its state from one call to the next.
        expected = tiny_model(name).generate(
            inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=TOKENS, do_sample=False
        )[0, len(ids) :]
        text = tokenizer.decode(expected, skip_special_tokens=True)
        assert [each.text for each in greedy[place]] == [text] * 3
    drawn, alone = (dict(each.generate(requests, Sampling(TOKENS, 1.0))) for each in (together, apart))
    for place in drawn:
        assert [each.text for each in drawn[place]] == [each.text for each in alone[place]]
    assert len({each.text for group in drawn.values() for each in group}) > len(PROMPTS)


@pytest.mark.parametrize("name", families("full", WORKS))
def test_full_training_learns_from_the_models_own_log_probabilities(name: str, tmp_path: Path) -> None:
    model = tiny_model(name)
    check_log_probabilities(model)
    assert largest_gap(model) < 1e-5
    before = tiny_model(name).state_dict()
    trainer = toy_trainer(tmp_path, model=tiny_model(name), steps=2)
    trainer.train()
    after = trainer.model.state_dict()
    moved = [name for name, weight in after.items() if not torch.equal(weight, before[name])]
    assert len(moved) > len(before) / 2
    assert all(bool(torch.isfinite(weight).all()) for weight in after.values())


@torch.no_grad()
def largest_gap(model: Any) -> float:
    """Between the log-probabilities of a batch as TRL pads and asks for it, and those of each sequence alone."""
    rows = encoded()
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    found = model(
        input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100), fused_lm_head=True
    ).log_probs
    gaps = []
    for row, logs in zip(rows, found, strict=True):
        if len(row) > 1:
            own = model(input_ids=torch.tensor([row])).logits[0, :-1].log_softmax(dim=-1)
            gaps.append((logs[1 - len(row) :] - own.gather(1, torch.tensor(row)[1:, None])[:, 0]).abs().max())
    return float(max(gaps))


@pytest.mark.parametrize("name", families("lora", WORKS))
def test_a_merged_adapter_is_the_trained_one(name: str, tmp_path: Path) -> None:
    lora = LoraConfig(r=4, alpha=64)
    try_adapter(tiny_model(name), lora, encoded()[2])
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    save_full(tiny_model(name), tiny_tokenizer(), base, chat_template=False)
    torch.manual_seed(0)
    trainer = toy_trainer(tmp_path, model=new_adapter(load_plain(base), lora), steps=2, learning_rate=1e-2)
    trainer.train()
    save_adapter(trainer.model, adapter, base)
    found = check_merge(trainer.accelerator.unwrap_model(trainer.model), adapter, encoded())
    assert found["largest_difference"] <= found["tolerance"]
    assert found["lost_share"] < 1e-4
    merged, plain = (load_plain(folder).state_dict() for folder in (adapter, base))
    moved = sum(float((merged[key].double() - plain[key].double()).square().sum()) for key in plain) ** 0.5
    assert moved > 0.01
    assert displacement(adapter, base) == pytest.approx(moved, rel=1e-3)
    with torch.no_grad():
        ids = torch.tensor([encoded()[2]])
        one, other = (each.eval()(ids).logits for each in (load_adapter(adapter, trainable=False), load_plain(adapter)))
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", families("full", REFUSED))
def test_a_family_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    family, model = FAMILIES[name], tiny_model(name)
    refuse = partial(toy_trainer, tmp_path, model=model, steps=2)
    if family.evaluation == REFUSED:
        refuse = partial(check_causality, model, "model")
    with pytest.raises(ConfigError) as caught:
        refuse()
    assert family.sentence in caught.value.paragraph()
    assert type(tiny_model(name)).__name__ in caught.value.paragraph()


@pytest.mark.parametrize("name", [each for each in families("lora", REFUSED) if FAMILIES[each.values[0]].full == WORKS])
def test_adapters_that_a_family_would_leave_out_are_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        try_adapter(tiny_model(name), LoraConfig(r=4), encoded()[2])
    assert FAMILIES[name].sentence in caught.value.paragraph()
    assert type(tiny_model(name)).__name__ in caught.value.paragraph()


def test_a_model_whose_forward_pass_keeps_all_logits_uses_its_cache() -> None:
    """As models that bring their own code may."""
    model, pad = tiny_model("llama"), tiny_tokenizer().pad_token_id
    whole = model.forward

    def forward(
        input_ids: Any, attention_mask: Any = None, position_ids: Any = None, past_key_values: Any = None,
        use_cache: bool = False,
    ) -> Any:  # fmt: skip
        return whole(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
            past_key_values=past_key_values, use_cache=use_cache,
        )  # fmt: skip

    model.forward = forward
    assert fitting(model, pad)[1] == ""
