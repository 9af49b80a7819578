"""The transformers backend: greedy equals `model.generate`, samples depend on their seed alone."""

from __future__ import annotations

import pytest
import torch

from tests.support.backends import loaded, served
from xdomain.generation.base import NonFiniteLogits, PromptRequest, Sampling
from xdomain.generation.choice import nucleus
from xdomain.models.tiny import tiny_qwen3

PROMPTS = ["1+1=", "abc>", "a much longer prompt than those", "7", "km in m:"]


@pytest.fixture(scope="module")
def tiny():
    model, tokenizer = tiny_qwen3(seed=3)
    # Sharper than fresh weights, so that greedy choices are not ties.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model.eval(), tokenizer


def requests(tokenizer, prompts, samples=1):
    return [
        PromptRequest(tuple(tokenizer(text)["input_ids"]), tuple(100 * place + sample for sample in range(samples)))
        for place, text in enumerate(prompts)
    ]


def generate(tiny, prompts, sampling, samples=1, batch_tokens=10_000):
    model, tokenizer = tiny
    backend = loaded(served(model, tokenizer), batch_tokens=batch_tokens)
    answered = dict(backend.generate(requests(tokenizer, prompts, samples), sampling))
    return [answered[place] for place in range(len(prompts))]


def test_greedy_equals_model_generate(tiny) -> None:
    model, tokenizer = tiny
    ours = generate(tiny, PROMPTS, Sampling(max_tokens=12))
    for prompt, (completion,) in zip(PROMPTS, ours, strict=True):
        inputs = tokenizer([prompt], return_tensors="pt")
        expected = model.generate(**inputs, max_new_tokens=12, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        assert completion.text == tokenizer.decode(expected, skip_special_tokens=True)
        assert completion.tokens == len(expected)


def test_a_sample_does_not_depend_on_its_batch(tiny) -> None:
    sampling = Sampling(max_tokens=10, temperature=1.0, top_p=0.9)
    together = generate(tiny, PROMPTS, sampling, samples=3)
    apart = generate(tiny, PROMPTS, sampling, samples=3, batch_tokens=1)
    assert [[each.text for each in group] for group in together] == [[each.text for each in group] for group in apart]
    assert len({each.text for group in together for each in group}) > len(PROMPTS)


def test_samples_follow_the_distribution(tiny) -> None:
    model, tokenizer = tiny
    ids = tokenizer("1+1=", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = model(ids).logits[0, -1].softmax(-1)
    request = PromptRequest(tuple(ids[0].tolist()), tuple(range(4000)))
    backend = loaded(served(model, tokenizer), batch_tokens=10**6)
    tokens = [each.text for each in dict(backend.generate([request], Sampling(1, 1.0)))[0]]
    # The end token decodes to "", like the other special tokens.
    visible = [int(token) for token in expected.argsort(descending=True)[:3] if tokenizer.decode([int(token)])]
    for token in visible:
        share = tokens.count(tokenizer.decode([token])) / len(tokens)
        assert abs(share - float(expected[token])) < 4 * (0.25 / len(tokens)) ** 0.5


def test_entropy_and_finish_reason(tiny) -> None:
    for (completion,) in generate(tiny, PROMPTS, Sampling(max_tokens=3)):
        assert completion.mean_entropy is not None
        assert 0 <= completion.mean_entropy <= torch.tensor(100.0).log().item()
        assert completion.finish_reason == ("length" if completion.tokens == 3 else "stop")


def test_nucleus_keeps_the_smallest_sufficient_set() -> None:
    kept = nucleus(torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.96, 0.02, 0.01, 0.01]]), 0.9)
    assert (kept > 0).tolist() == [[True, True, True, False], [True, False, False, False]]


def test_logits_that_are_not_finite_are_named(tiny) -> None:
    model, tokenizer = tiny_qwen3(seed=4)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    backend = loaded(served(model, tokenizer))
    with pytest.raises(NonFiniteLogits, match=r'of its weights hold NaN or infinity, the first is "model.embed'):
        list(backend.generate(requests(tokenizer, ["1"]), Sampling(2)))
