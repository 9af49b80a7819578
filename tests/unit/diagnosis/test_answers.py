"""Log-likelihoods of stored completions in batches are those of each completion by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.support.damaged_pair import answer
from xdomain.core.errors import ConfigError
from xdomain.diagnosis import answers
from xdomain.diagnosis.answers import batches_of
from xdomain.models.tiny import tiny_qwen3

ANSWERS = [answer("1+1=", "2"), answer("a longer prompt:", "with an answer"), answer("x", ""), answer("12*12=", "144")]


def test_log_likelihoods(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = tiny_qwen3()
    model.eval()
    stored = [*ANSWERS, replace(answer("cut:", "abc"), ended=False)]
    expected = []
    for each in stored:
        prompt = tokenizer(each.item.prompt)["input_ids"]
        ids = prompt + tokenizer(each.completion)["input_ids"] + [tokenizer.eos_token_id] * each.ended
        table = model(torch.tensor([ids])).logits[0].log_softmax(-1).detach()
        expected.append(sum(float(table[place - 1, ids[place]]) for place in range(len(prompt), len(ids))))
    for most in (answers.MOST_LOGITS, 3000):  # one batch, several batches
        monkeypatch.setattr(answers, "MOST_LOGITS", most)
        batches = batches_of(stored, tokenizer, chat=False, vocabulary=len(tokenizer), device="cpu")
        assert (len(batches) > 1) == (most == 3000)
        found = dict.fromkeys(range(len(stored)), 0.0)
        for batch in batches:
            found |= dict(zip(batch.positions, batch.log_likelihoods(model).tolist(), strict=True))
        assert list(found.values()) == pytest.approx(expected, abs=1e-4)


def test_another_prompt_is_refused() -> None:
    tokenizer = tiny_qwen3()[1]
    other = replace(ANSWERS[0], prompt_hash=ANSWERS[1].prompt_hash)
    with pytest.raises(ConfigError, match='the prompt of item "item" is not the one that was answered'):
        batches_of([other], tokenizer, chat=False, vocabulary=100, device="cpu")


def test_completions_of_a_tokenizer_that_adds_spaces() -> None:
    """Such as Llama's: the completion's tokens are those that follow the prompt, not those of a new text."""
    vocabulary = {token: index for index, token in enumerate(["</s>", "\u2581", *"abc"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>")
    assert fast("bc")["input_ids"] == [1, 3, 4]
    (batch,) = batches_of([answer("a", "bc")], fast, chat=False, vocabulary=5, device="cpu")
    assert batch.ids.tolist() == [[1, 2, 3, 4, 0]]
    assert batch.answered.tolist() == [[False, True, True, True]]
