"""Every backend gives the greedy tokens of stock transformers and peft, in float32, whatever it was asked before.

Runs on the backends that are here: transformers, an endpoint (a server of our own over the same models), vLLM where it
can be imported (`make test-vllm`). Embeddings are tied; a LoRA checkpoint lies on another; weights are swapped.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from tests.support.stock_completions import completion_server
from xdomain.config.evaluation import EvaluationConfig
from xdomain.evaluate.served import served_checkpoint
from xdomain.generation.base import Backend, Checkpoint, Completion, PromptRequest, Sampling
from xdomain.generation.build import build_backend
from xdomain.models.checkpoint import save_adapter, save_endpoint, save_full
from xdomain.models.tiny import CHARACTERS, tiny_qwen3, tiny_tokenizer

CHECKPOINTS = ("base", "other", "lora")
"""Full weights, other full weights of the same architecture, an adapter on the first."""
TOKENS = 10
GREEDY = Sampling(TOKENS)
BACKENDS = (
    "transformers",
    "endpoint",
    pytest.param("vllm", marks=pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed here")),
)


def some_prompts(count: int = 200) -> list[str]:
    """Texts of 1 to 40 characters."""
    draw = random.Random(5)
    visible = CHARACTERS.strip()
    return ["".join(draw.choices(visible, k=draw.randint(1, 40))) for _ in range(count)]


PROMPTS = some_prompts()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The checkpoints on disk; weights sharper than fresh ones, so that greedy choices are no ties."""
    root = tmp_path_factory.mktemp("checkpoints")
    for name, seed in (("base", 3), ("other", 4)):
        model, tokenizer = sharpened(seed)
        assert model.config.tie_word_embeddings
        save_full(model, tokenizer, root / name, chat_template=False)
    model, _ = sharpened(3)
    torch.manual_seed(0)
    adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    with torch.no_grad():
        for weight_name, weight in adapted.named_parameters():
            if "lora_B" in weight_name:  # fresh ones are zero
                weight.normal_(std=0.05)
    save_adapter(adapted, root / "lora", root / "base")
    return {name: root / name for name in CHECKPOINTS}


def sharpened(seed: int) -> tuple[Any, Any]:
    model, tokenizer = tiny_qwen3(seed=seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model.eval(), tokenizer


@pytest.fixture(scope="module")
def stock(folders: dict[str, Path]) -> dict[str, Any]:
    """The models as transformers and peft load them, the adapter not merged."""
    models = {name: AutoModelForCausalLM.from_pretrained(folders[name]).eval() for name in ("base", "other")}
    below = AutoModelForCausalLM.from_pretrained(folders["base"])
    return models | {"lora": PeftModel.from_pretrained(below, folders["lora"]).eval()}


@pytest.fixture(scope="module")
def expected(stock: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Greedy text and number of tokens of every prompt, each generated alone."""
    tokenizer = tiny_tokenizer()
    found: dict[str, list[tuple[str, int]]] = {}
    for name, model in stock.items():
        for prompt in PROMPTS:
            inputs = tokenizer([prompt], return_tensors="pt")
            output = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                max_new_tokens=TOKENS,
                do_sample=False,
            )
            tokens = output[0, inputs["input_ids"].shape[1] :]
            found.setdefault(name, []).append((tokenizer.decode(tokens, skip_special_tokens=True), len(tokens)))
    assert len({text for name in CHECKPOINTS for text, _ in found[name]}) > 100, "the checkpoints answer alike"
    return found


@pytest.fixture(scope="module")
def server_url(stock: dict[str, Any]) -> Iterator[str]:
    tokenizer = tiny_tokenizer()
    with completion_server({name: (model, tokenizer) for name, model in stock.items()}) as server:
        yield server.url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made = build_backend(EvaluationConfig(backend=request.param), "cpu")
    yield made
    made.close()


@pytest.fixture
def checkpoints(backend: Backend, folders: dict[str, Path], server_url: str, tmp_path: Path) -> dict[str, Checkpoint]:
    if backend.name != "endpoint":
        return {name: served_checkpoint(folder, name) for name, folder in folders.items()}
    for name in CHECKPOINTS:
        save_endpoint({"base_url": server_url, "model": name, "protocol": "completions"}, tmp_path / name)
    return {name: served_checkpoint(tmp_path / name, name) for name in CHECKPOINTS}


def requests_for(prompts: list[str]) -> list[PromptRequest]:
    encoded = tiny_tokenizer()(prompts)["input_ids"]
    return [PromptRequest(tuple(ids), (0,), text) for text, ids in zip(prompts, encoded, strict=True)]


def answers(backend: Backend, prompts: list[str], sampling: Sampling = GREEDY) -> list[Completion]:
    found = dict(backend.generate(requests_for(prompts), sampling))
    assert sorted(found) == list(range(len(prompts)))
    return [found[place][0] for place in range(len(prompts))]


def test_greedy_tokens_are_those_of_stock_transformers_after_every_swap(
    backend: Backend, checkpoints: dict[str, Checkpoint], expected: dict[str, list[tuple[str, int]]]
) -> None:
    for name in ("base", "other", "lora", "base"):
        backend.load(checkpoints[name])
        assert [(each.text, each.tokens) for each in answers(backend, PROMPTS)] == expected[name], name


def test_order_and_neighbours_change_nothing(
    backend: Backend, checkpoints: dict[str, Checkpoint], expected: dict[str, list[tuple[str, int]]]
) -> None:
    backend.load(checkpoints["base"])
    order = list(range(len(PROMPTS)))
    random.Random(1).shuffle(order)
    shuffled = answers(backend, [PROMPTS[place] for place in order])
    assert [(each.text, each.tokens) for each in shuffled] == [expected["base"][place] for place in order]
    few = answers(backend, PROMPTS[:3])
    assert [(each.text, each.tokens) for each in few] == expected["base"][:3]


def test_a_completion_ends_before_a_stop_string(
    backend: Backend, checkpoints: dict[str, Checkpoint], expected: dict[str, list[tuple[str, int]]]
) -> None:
    backend.load(checkpoints["base"])
    stop = expected["base"][0][0][3:5]
    assert len(stop) == 2
    stopped = answers(backend, PROMPTS[:40], Sampling(TOKENS, stop=(stop,)))
    for (whole, _), found in zip(expected["base"][:40], stopped, strict=True):
        assert found.text == whole.split(stop)[0]
        assert found.finish_reason == ("stop" if stop in whole or len(whole) < TOKENS else "length")


def test_answers_at_hand_are_not_given_again(backend: Backend, checkpoints: dict[str, Checkpoint]) -> None:
    backend.load(checkpoints["base"])
    requests = requests_for(PROMPTS[:20])
    whole = dict(backend.generate(requests, Sampling(TOKENS)))
    rest = dict(backend.generate(requests, Sampling(TOKENS), frozenset(range(0, 20, 2))))
    assert sorted(rest) == list(range(1, 20, 2))
    assert all(rest[place][0].text == whole[place][0].text for place in rest)


def test_finish_reasons_and_counts(backend: Backend, checkpoints: dict[str, Checkpoint]) -> None:
    backend.load(checkpoints["base"])
    for prompt, found in zip(PROMPTS[:40], answers(backend, PROMPTS[:40]), strict=True):
        assert found.prompt_tokens == len(prompt)
        assert found.tokens is not None
        assert found.finish_reason in {"stop", "length"}
        assert (found.finish_reason == "length") <= (found.tokens == TOKENS)
    assert backend.reproducibility
