"""A base model that would give wrong numbers is refused before it is published, each kind with its own sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertLMHeadModel, T5Config

from tests.support.plans import make_experiment
from tests.support.stage_runs import Stages
from xdomain.config.experiment import Experiment
from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.model_context import context_of
from xdomain.models.source import load_source
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer
from xdomain.resolve.identities import model_identity

TRAINING = {"steps": 4, "prompts_per_step": 2, "generations": 4, "max_completion_tokens": 6}


def saved(folder: Path, change: Callable[[Any, Any], None] = lambda model, tokenizer: None) -> Path:
    """A folder with the tiny model and its tokenizer, changed."""
    model, tokenizer = tiny_qwen3()
    change(model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def experiment(folder: Path, *, trained: bool = True, **model: Any) -> Experiment:
    curricula = {} if trained else {"curricula": [], "grid": {}}
    training = TRAINING | model.pop("training", {})
    return make_experiment(model={"path": str(folder), **model}, training=training, **curricula)


def complaint(tmp_path: Path, folder: Path, **settings: Any) -> str:
    stages = Stages(tmp_path / "store")
    with pytest.raises(ConfigError) as caught:
        stages.base(experiment(folder, **settings))
    assert "\n" not in caught.value.paragraph()
    return caught.value.paragraph()


def published(tmp_path: Path, folder: Path, **settings: Any) -> None:
    Stages(tmp_path / "store").base(experiment(folder, **settings))


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_sound_model_is_published(tmp_path: Path) -> None:
    published(tmp_path, saved(tmp_path / "model"))


def test_a_tokenizer_with_more_tokens_than_the_embedding(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", lambda _, tokenizer: tokenizer.add_tokens(["<extra>", "<more>"]))
    text = complaint(tmp_path, folder, trained=False)
    assert "the tokenizer has 2 tokens without an embedding: '<more>' has the id 101" in text
    assert "the model has 100 rows" in text
    assert "resize_token_embeddings(102)" in text


def test_more_rows_than_tokens_are_fine(tmp_path: Path) -> None:
    published(tmp_path, saved(tmp_path / "model", lambda model, _: model.resize_token_embeddings(128)))


def test_a_tokenizer_without_an_end_token(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    for name in ("eos_token", "pad_token"):
        settings.pop(name)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert "the tokenizer names no end token (eos_token)" in complaint(tmp_path, folder, trained=False)


def test_a_missing_padding_token_is_the_end_token(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("pad_token")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert load_source(ModelConfig(path=str(folder)))[1].pad_token == "<eos>"
    published(tmp_path, folder)


@pytest.mark.parametrize("ends", [777, [2, 777]])
def test_an_end_token_that_has_no_embedding(ends: Any, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    edit(folder / "generation_config.json", eos_token_id=ends)
    assert "says eos_token_id: 777, but the model has embeddings for 0 to 99" in complaint(tmp_path, folder)


def test_a_list_of_end_tokens_is_fine(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    edit(folder / "generation_config.json", eos_token_id=[2, 5])
    published(tmp_path, folder)


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"max_prompt_tokens": 200, "max_completion_tokens": 57}, "max_prompt_tokens = 200 and max_completion_tokens"),
        ({"max_completion_tokens": 256}, "a prompt and max_completion_tokens = 256 do not fit"),
    ],
)
def test_a_context_that_prompts_and_completions_exceed(training: Any, words: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    text = complaint(tmp_path, folder, training=training)
    assert words in text
    assert "the model's context of 256 tokens" in text
    published(tmp_path, folder, training={"max_prompt_tokens": 200, "max_completion_tokens": 56})


def test_contexts_have_many_names() -> None:
    from transformers import BloomConfig, GPT2Config, MambaConfig, MistralConfig, MptConfig

    assert context_of(GPT2Config(n_positions=77)) == 77
    assert context_of(MptConfig(max_seq_len=88)) == 88
    assert context_of(MistralConfig(max_position_embeddings=99, sliding_window=8)) == 99
    assert context_of(BloomConfig()) is None
    assert context_of(MambaConfig()) is None


def test_float16_weights_are_evaluated_but_not_trained(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", lambda model, _: model.half())
    assert "float16 weights cannot be trained" in complaint(tmp_path, folder, dtype="float16")
    published(tmp_path, folder, dtype="float16", trained=False)
    published(tmp_path / "again", folder, dtype="float32")


def test_an_encoder_that_looks_ahead(tmp_path: Path) -> None:
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    for is_decoder in (True, False):
        torch.manual_seed(0)
        folder = tmp_path / str(is_decoder)
        config = BertConfig(vocab_size=100, is_decoder=is_decoder, max_position_embeddings=64, **small)
        BertLMHeadModel(config).save_pretrained(folder)
        tiny_tokenizer().save_pretrained(folder)
    published(tmp_path, tmp_path / "True", trained=False)
    text = complaint(tmp_path, tmp_path / "False", trained=False)
    assert "BertLMHeadModel looks ahead" in text
    assert "is_decoder: true" in text


def test_an_encoder_decoder_that_names_no_architecture(tmp_path: Path) -> None:
    T5Config(vocab_size=100, d_model=16, d_ff=16, num_layers=1, num_heads=2, d_kv=8).save_pretrained(tmp_path)
    edit(tmp_path / "config.json", is_encoder_decoder=True)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="is not a causal language model: its configuration says t5"):
        load_source(ModelConfig(path=str(tmp_path)))


CODE = """
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

class OwnConfig(Qwen3Config):
    model_type = "own_model"

class OwnForCausalLM(Qwen3ForCausalLM):
    config_class = OwnConfig

    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = output.logits + torch.arange(output.logits.shape[-1]) * 0.01
        return output
"""


@pytest.fixture
def own_code(tmp_path: Path) -> Path:
    folder = saved(tmp_path / "own")
    (folder / "modeling_own.py").write_text(CODE)
    edit(
        folder / "config.json",
        model_type="own_model",
        architectures=["OwnForCausalLM"],
        auto_map={"AutoConfig": "modeling_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnForCausalLM"},
    )
    return folder


def test_code_of_a_models_own_is_refused_unless_trusted(own_code: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_source(ModelConfig(path=str(own_code)))
    text = caught.value.paragraph()
    assert "brings its own Python code" in text
    assert "model.trust_remote_code: true" in text


def test_trusted_code_is_part_of_the_identity_and_goes_with_every_checkpoint(own_code: Path, tmp_path: Path) -> None:
    trusted = ModelConfig(path=str(own_code), trust_remote_code=True)
    before = model_identity(trusted)
    assert "modeling_own.py" in before["files"]
    assert "modeling_own.py" not in model_identity(ModelConfig(path=str(own_code)))["files"]
    stages = Stages(tmp_path / "store")
    stages.base(experiment(own_code, trust_remote_code=True, trained=False))
    from xdomain.models.checkpoint import load_plain

    ids = torch.arange(4, 20)[None]
    with torch.no_grad():
        stored, plain = load_plain(stages.end("base")).eval()(ids).logits, tiny_qwen3()[0].eval()(ids).logits
    torch.testing.assert_close(stored, plain + torch.arange(100) * 0.01)
    (own_code / "modeling_own.py").write_text(CODE + "\n# another version\n")
    assert model_identity(trusted) != before


def test_code_that_changes_logits_after_the_output_layer_cannot_be_trained(own_code: Path, tmp_path: Path) -> None:
    """TRL multiplies by the output layer itself, so it never sees what OwnForCausalLM adds."""
    text = complaint(tmp_path, own_code, trust_remote_code=True)
    assert "OwnForCausalLM cannot be trained: TRL's log-probabilities" in text
