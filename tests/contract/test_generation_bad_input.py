"""What the transformers backend does with models, prompts and memory that are not as they should be."""

from __future__ import annotations

import json
import multiprocessing
import resource
from pathlib import Path

import psutil
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import Qwen3Config, Qwen3ForCausalLM

from tests.support.backends import loaded, served
from tests.support.stage_runs import Silent
from tests.support.stages import evaluate_stage
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError, XDomainError
from xdomain.core.stage import StageContext, StageResult
from xdomain.evaluate.run import run_evaluations
from xdomain.evaluate.served import check_fits, served_checkpoint
from xdomain.generation.base import NonFiniteLogits, PromptRequest, Sampling
from xdomain.generation.build import build_backend
from xdomain.models.checkpoint import save_full
from xdomain.models.prompting import uses_chat
from xdomain.models.source import load_source
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer

CONTEXT = 256


@pytest.fixture(scope="module")
def tiny():
    model, tokenizer = tiny_qwen3(seed=3)
    return model.eval(), tokenizer


def request_of(length: int, *seeds: int) -> PromptRequest:
    return PromptRequest(tuple(4 + place % 60 for place in range(length)), seeds or (0,))


def test_a_prompt_that_the_context_cannot_hold_is_not_cut(tiny) -> None:
    backend = loaded(served(*tiny))
    found = dict(backend.generate([request_of(CONTEXT, 1, 2), request_of(5, 1, 2)], Sampling(4)))
    for completion in found[0]:
        assert (completion.text, completion.tokens, completion.finish_reason) == ("", 0, "prompt_too_long")
        assert "256 tokens do not fit the model's context of 256" in completion.problem
    assert all(completion.finish_reason in {"stop", "length"} for completion in found[1])


def test_a_completion_ends_where_the_context_does(tiny) -> None:
    requests = [request_of(CONTEXT - 3), request_of(10)]
    (near,), (far,) = (dict(loaded(served(*tiny)).generate(requests, Sampling(8)))[place] for place in (0, 1))
    assert (near.tokens, near.finish_reason) == (3, "length")
    assert far.tokens is not None
    assert far.tokens > 3


def evaluations(tmp_path: Path, *checkpoints: str, domains: tuple[str, ...] = ("logic",)) -> list[object]:
    """Results of the checkpoints in `tmp_path`, evaluated together."""
    stages, contexts = [], []
    for name in checkpoints:
        for domain in domains:
            asked = {"items": 4, "max_completion_tokens": 4}
            stages.append(evaluate_stage(domain, checkpoint=name, key=name + domain, **asked))
            work = tmp_path / "work" / name / domain
            work.mkdir(parents=True)
            contexts.append(StageContext(work, work, {name: tmp_path / name}, 0, "cpu", Silent()))
    return [result for _, result in run_evaluations(stages, contexts)]


def test_a_checkpoint_with_nan_is_marked_and_others_go_on(tmp_path: Path) -> None:
    for name in ("good", "broken", "fine"):
        model, tokenizer = tiny_qwen3(seed=4)
        if name == "broken":
            with torch.no_grad():
                model.model.layers[1].mlp.up_proj.weight[0, 0] = float("inf")
        save_full(model, tokenizer, checkpoint_folder(tmp_path / name, 0), chat_template=False)
    found = evaluations(tmp_path, "good", "broken", "fine", domains=("logic", "math"))
    kinds = [type(result) for result in found]
    assert kinds == [StageResult, StageResult, NonFiniteLogits, NonFiniteLogits, StageResult, StageResult]
    assert isinstance(found[2], XDomainError)
    assert found[2].fix == "Get the model's files again.", "it is a base: nobody trained it here"
    assert '"model.layers.1.mlp.up_proj.weight"' in found[2].paragraph()


def test_a_checkpoint_that_is_not_there_is_named_and_others_go_on(tmp_path: Path) -> None:
    save_full(*tiny_qwen3(), checkpoint_folder(tmp_path / "good", 0), chat_template=False)
    missing, good = evaluations(tmp_path, "missing", "good")
    assert isinstance(missing, XDomainError)
    assert "checkpoint.json is missing" in missing.paragraph()
    assert isinstance(good, StageResult)


def test_weights_are_not_for_the_endpoint_backend(tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path, 0)
    save_full(*tiny_qwen3(), folder, chat_template=False)
    backend = build_backend(EvaluationConfig(backend="endpoint"), "cpu")
    with pytest.raises(ConfigError, match='has its own weights, which the backend "endpoint" cannot serve'):
        check_fits(backend, served_checkpoint(folder, "x"))


def answer_within(megabytes: int, out: Path) -> None:
    """Many long rows in one batch, with so much more memory than is used now."""
    backend = loaded(served(*tiny_qwen3(seed=3)), batch_tokens=10**9)
    requests = [request_of(150 + place % 50, place, place + 1000) for place in range(300)]
    few = dict(backend.generate(requests[:2], Sampling(3, 1.0)))
    limit = psutil.Process().memory_info().vms + megabytes * 2**20
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    found = dict(backend.generate(requests, Sampling(3, 1.0)))
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    texts = [[completion.text for completion in found[place]] for place in range(len(requests))]
    same = all([each.text for each in few[place]] == texts[place] for place in few)
    out.write_text(json.dumps({"events": backend.events(), "texts": texts, "same": same}))


def test_out_of_memory_halves_the_batch_and_says_so(tmp_path: Path) -> None:
    """A real limit on the address space, in a process of its own; the answers are those of a machine with room."""
    found = []
    for megabytes in (100, 20_000):
        out = tmp_path / f"{megabytes}.json"
        process = multiprocessing.get_context("fork").Process(target=answer_within, args=(megabytes, out))
        process.start()
        process.join()
        assert process.exitcode == 0
        found.append(json.loads(out.read_text()))
    small, large = found
    assert large["events"] == []
    assert small["events"][0] == "out of memory with 600 sequences in a batch: halved to 300"
    assert small["texts"] == large["texts"]
    assert small["same"]


@pytest.mark.parametrize("kind", ["BertForMaskedLM", "Qwen3ForSequenceClassification", "T5ForConditionalGeneration"])
def test_a_model_that_is_not_causal(kind: str, tmp_path: Path) -> None:
    import transformers

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    t5 = {"d_model": 16, "d_ff": 16, "num_layers": 1, "num_heads": 2, "d_kv": 8}
    settings = t5 if kind.startswith("T5") else small
    config = getattr(transformers, kind.split("For", maxsplit=1)[0] + "Config")(vocab_size=98, **settings)
    getattr(transformers, kind)(config).save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=rf"is not a causal language model.*{kind}"):
        load_source(ModelConfig(path=str(tmp_path)))


def test_a_chat_template_that_is_asked_for_but_not_there(tiny) -> None:
    with pytest.raises(ConfigError, match="the tokenizer has no chat template"):
        uses_chat(ModelConfig(preset="tiny_qwen3", chat_template=True), tiny[1])
    assert uses_chat(ModelConfig(preset="tiny_qwen3"), tiny[1]) is False


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_file_that_is_no_gguf(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read as a GGUF model"):
        load_source(ModelConfig(gguf=str(path)))


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, torch.Tensor]:
    """A base, an adapter on it, and the logits of both together."""
    root = tmp_path_factory.mktemp("adapted")
    model, tokenizer = tiny_qwen3(seed=3)
    save_full(model, tokenizer, root / "base", chat_template=False)
    torch.manual_seed(0)
    both = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    both.save_pretrained(root / "adapter")
    with torch.no_grad():
        return root / "base", root / "adapter", both.eval()(torch.arange(4, 20)[None]).logits


def test_an_adapter_is_merged_into_its_base(adapted: tuple[Path, Path, torch.Tensor]) -> None:
    base, adapter, expected = adapted
    inputs = torch.arange(4, 20)[None]
    with torch.no_grad():
        found = load_source(ModelConfig(path=str(base), adapter=str(adapter)))[0].eval()(inputs).logits
        plain = load_source(ModelConfig(path=str(base)))[0].eval()(inputs).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert (plain - expected).abs().max() > 0.01


def test_adapters_that_cannot_be_laid_on(adapted: tuple[Path, Path, torch.Tensor], tmp_path: Path) -> None:
    base, adapter, _ = adapted
    with pytest.raises(ConfigError, match=r"is not a LoRA adapter: it has no adapter_config\.json"):
        load_source(ModelConfig(path=str(base), adapter=str(tmp_path)))
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "adapter_config.json").write_text((adapter / "adapter_config.json").read_text())
    (pickled / "adapter_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ConfigError, match=r"it has no adapter_model\.safetensors"):
        load_source(ModelConfig(path=str(base), adapter=str(pickled)))
    config = Qwen3Config(vocab_size=98, hidden_size=64, num_hidden_layers=3, num_attention_heads=2, head_dim=32)
    Qwen3ForCausalLM(config).save_pretrained(tmp_path / "other")
    tiny_tokenizer().save_pretrained(tmp_path / "other")
    with pytest.raises(ConfigError, match="does not fit the model"):
        load_source(ModelConfig(path=str(tmp_path / "other"), adapter=str(adapter)))
