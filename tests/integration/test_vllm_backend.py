"""vLLM, the real engine: greedy tokens are those of transformers, whatever was loaded before; samples follow seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.support.vllm_models import (
    NEW_TOKENS,
    adapter_checkpoint,
    random_prompts,
    tiny_checkpoint,
    transformers_greedy,
)
from xdomain.config.evaluation import EvaluationConfig
from xdomain.evaluate.served import served_checkpoint
from xdomain.generation.base import Completion, FinishReason, NonFiniteLogits, PromptRequest, Sampling
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer

pytest.importorskip("vllm", reason="vLLM has an environment of its own: make test-vllm")

from xdomain.generation.vllm_backend import VllmBackend

PROMPTS = random_prompts(200)
TIE = 1e-5
"""Logits; rounding is some 1e-6 here. Where the two best tokens are nearer, programs may differ and none is wrong."""
GREEDY = Sampling(max_tokens=NEW_TOKENS)
TOKENIZER = tiny_tokenizer()
IDS = [list(TOKENIZER(text)["input_ids"]) for text in PROMPTS]


@pytest.fixture(scope="module")
def backend() -> Iterator[VllmBackend]:
    """One backend for the whole module: what a test leaves behind must not show in the next."""
    made = VllmBackend(EvaluationConfig(backend="vllm"), "cpu")
    yield made
    made.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    made = {"first": tiny_checkpoint(root / "first", 1), "second": tiny_checkpoint(root / "second", 2)}
    made["adapter"] = adapter_checkpoint(root / "adapter", made["first"], 6)
    made["other adapter"] = adapter_checkpoint(root / "other", made["first"], 3, rank=8)
    made["adapter on second"] = adapter_checkpoint(root / "on-second", made["second"], 6)
    made["chain"] = adapter_checkpoint(root / "chain", made["adapter"], 6)
    made["dora"] = adapter_checkpoint(root / "dora", made["first"], 7, use_dora=True)
    made["untied"] = tiny_checkpoint(root / "untied", 10, tied=False)
    made["untied too"] = tiny_checkpoint(root / "untied-too", 12, tied=False)
    return made


@pytest.fixture(scope="module")
def expected(folders: dict[str, Path]) -> dict[str, list[list[int]]]:
    found = {name: transformers_greedy(folder, IDS, TOKENIZER.eos_token_id) for name, folder in folders.items()}
    assert min(lead for _, lead in found.values()) > TIE
    return {name: tokens for name, (tokens, _) in found.items()}


def requests(samples: int = 1, count: int = len(PROMPTS)) -> list[PromptRequest]:
    return [
        PromptRequest(tuple(ids), tuple(1000 * place + sample for sample in range(samples)), PROMPTS[place])
        for place, ids in enumerate(IDS[:count])
    ]


def answers(backend: VllmBackend, wanted: list[PromptRequest], sampling: Sampling) -> list[list[Completion]]:
    found = dict(backend.generate(wanted, sampling))
    return [found[place] for place in range(len(wanted))]


def assert_greedy_equal(backend: VllmBackend, tokens: list[list[int]]) -> None:
    """Text, count of tokens and finish reason of all 200 prompts."""
    end = TOKENIZER.eos_token_id
    for (completion,), row in zip(answers(backend, requests(), GREEDY), tokens, strict=True):
        assert completion.text == TOKENIZER.decode(row, skip_special_tokens=True)
        assert completion.tokens == len(row)
        assert completion.finish_reason == (FinishReason.STOP if row[-1] == end else FinishReason.LENGTH)


SEQUENCE = [
    "first", "second", "first", "adapter", "first", "other adapter", "adapter", "second", "adapter on second",
    "adapter", "chain", "second", "dora", "first", "untied", "untied too", "untied", "first",
]  # fmt: skip
"""Every kind of change: weights, adapters beside them, merged ones, another architecture and back."""


def test_greedy_tokens_equal_transformers_after_every_change(backend, folders, expected) -> None:
    assert all(expected[a] != expected[b] for a in expected for b in expected if a < b)
    for name in SEQUENCE:
        backend.load(served_checkpoint(folders[name], name))
        assert_greedy_equal(backend, expected[name])


def test_engines_are_started_for_architectures_not_for_checkpoints(backend, folders) -> None:
    backend.load(served_checkpoint(folders["untied"], "untied"))
    before = backend.engines_started
    for name in ("adapter", "first", "second", "other adapter", "chain", "dora", "adapter on second"):
        backend.load(served_checkpoint(folders[name], name))
    assert backend.engines_started == before + 1  # ranks 4 and 8 are served by one size of engine
    backend.load(served_checkpoint(folders["untied"], "untied"))
    assert backend.engines_started == before + 2


def test_a_sample_follows_its_seed_alone(backend, folders) -> None:
    backend.load(served_checkpoint(folders["first"], "first"))
    sampling = Sampling(max_tokens=NEW_TOKENS, temperature=1.0, top_p=0.95)
    together = answers(backend, requests(samples=4, count=40), sampling)
    again = answers(backend, requests(samples=4, count=40), sampling)
    apart = [answers(backend, [request], sampling)[0] for request in requests(samples=4, count=40)]
    assert together == again == apart
    assert len({each.text for group in together for each in group}) > 150


def test_a_checkpoint_does_not_say_how_it_is_sampled(backend, folders, tmp_path) -> None:
    advised = tiny_checkpoint(tmp_path / "advised", 1)
    advice = {"do_sample": True, "temperature": 0.1, "top_k": 1, "eos_token_id": TOKENIZER.eos_token_id}
    (advised / "generation_config.json").write_text(json.dumps(advice))
    found = []
    for folder in (folders["first"], advised):  # the same weights
        backend.close()  # the file is read when an engine starts
        backend.load(served_checkpoint(folder, "model"))
        found.append(answers(backend, requests(samples=2, count=40), Sampling(NEW_TOKENS, temperature=1.0)))
    assert found[0] == found[1]


def test_samples_follow_the_distribution(backend, folders) -> None:
    backend.load(served_checkpoint(folders["second"], "second"))
    with torch.no_grad():
        chances = load_plain(folders["second"])(torch.tensor([IDS[0]])).logits[0, -1].softmax(-1)
    request = PromptRequest(tuple(IDS[0]), tuple(range(3000)))
    texts = [each.text for each in answers(backend, [request], Sampling(1, 1.0))[0]]
    visible = [token for token in map(int, chances.argsort(descending=True)[:4]) if TOKENIZER.decode([token])]
    for token in visible:
        share = texts.count(TOKENIZER.decode([token])) / len(texts)
        assert abs(share - float(chances[token])) < 4 * (0.25 / len(texts)) ** 0.5


def test_what_is_done_is_not_answered_again(backend, folders, expected) -> None:
    backend.load(served_checkpoint(folders["first"], "first"))
    done = frozenset(range(0, 200, 3))
    found = dict(backend.generate(requests(), GREEDY, done))
    assert found.keys() == set(range(200)) - done
    assert [found[1][0].text] == [TOKENIZER.decode(expected["first"][1], skip_special_tokens=True)]


def test_a_caller_that_stops_early_leaves_nothing_behind(backend, folders, expected) -> None:
    backend.load(served_checkpoint(folders["first"], "first"))
    stream = backend.generate(requests(), GREEDY)
    next(stream)
    stream.close()
    assert_greedy_equal(backend, expected["first"])


def test_logits_that_are_not_finite_are_told_and_the_next_checkpoint_is_sound(
    backend, folders, expected, tmp_path: Path
) -> None:
    model, tokenizer = tiny_qwen3(seed=4)
    with torch.no_grad():
        model.lm_head.weight[5] = float("nan")
    save_full(model, tokenizer, tmp_path / "diverged", chat_template=False)
    backend.load(served_checkpoint(tmp_path / "diverged", "diverged"))
    for sampling in (GREEDY, Sampling(4, 1.0)):
        with pytest.raises(NonFiniteLogits, match="not finite"):
            answers(backend, requests(), sampling)
    backend.load(served_checkpoint(folders["second"], "second"))
    assert_greedy_equal(backend, expected["second"])


def test_a_stop_string_ends_and_is_not_shown(backend, folders, expected) -> None:
    backend.load(served_checkpoint(folders["first"], "first"))
    whole = [TOKENIZER.decode(row, skip_special_tokens=True) for row in expected["first"]]
    stop = whole[0][2:4]
    found = answers(backend, requests(), Sampling(NEW_TOKENS, stop=(stop, "never there")))
    assert [group[0].text for group in found] == [text.split(stop)[0] for text in whole]
    assert found[0][0].finish_reason == FinishReason.STOP
    assert found[0][0].tokens < len(expected["first"][0])


def test_prompts_at_the_edge_of_the_context(backend, folders) -> None:
    backend.load(served_checkpoint(folders["first"], "first"))
    letters = TOKENIZER("a")["input_ids"] * 300
    wanted = [PromptRequest(tuple(letters[:length]), (0,)) for length in (250, 255, 256, 300)]
    found = [group[0] for group in answers(backend, wanted, GREEDY)]
    assert [each.finish_reason for each in found[2:]] == [FinishReason.PROMPT_TOO_LONG] * 2
    assert "300 tokens" in found[3].problem
    assert all(each.tokens >= 1 and each.tokens + each.prompt_tokens <= 256 for each in found[:2])
