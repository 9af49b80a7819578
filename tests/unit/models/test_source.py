"""Models and adapters from folders that lack a part: each is refused with the file and what it lacks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.models.source import load_source
from xdomain.models.tiny import tiny_qwen3
from xdomain.resolve.identities import model_identity

TEMPLATE = "{% for message in messages %}{{ message['content'] }} = {% endfor %}"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    model, tokenizer = tiny_qwen3(seed=3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    torch.manual_seed(0)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(tiny_qwen3(seed=3)[0], config).save_pretrained(folder)
    return folder


def rename(path: Path, old: str, new: str | None) -> None:
    """Rename weights of a file, or remove them."""
    kept = {key: value for key, value in load_file(path).items() if new is not None or old not in key}
    save_file({key.replace(old, new or old): value for key, value in kept.items()}, path, metadata={"format": "pt"})


def complaint(**source: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load_source(ModelConfig.model_validate(source))
    return caught.value.paragraph()


def test_weights_that_are_missing_are_not_made_up(base: Path) -> None:
    assert load_source(ModelConfig(path=str(base)))[0].config.tie_word_embeddings, "a tied weight is not missing"
    rename(base / "model.safetensors", "layers.2.", None)
    text = complaint(path=str(base))
    assert f'"{base}" lacks 11 weights' in text
    assert "model.layers.2.input_layernorm.weight" in text


def test_a_truncated_file_is_named(base: Path, adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)
    assert f'"{weights}" is truncated or damaged' in complaint(path=str(base), adapter=str(adapter))
    os.truncate(base / "model.safetensors", 5000)
    assert "model.safetensors is truncated or damaged" in complaint(path=str(base))


def test_a_folder_without_a_tokenizer(base: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (base / name).unlink()
    assert f'"{base}" has no tokenizer' in complaint(path=str(base))


def test_an_adapter_that_would_not_be_applied(base: Path, adapter: Path) -> None:
    rename(adapter / "adapter_model.safetensors", "model.model.layers", "model.decoder.layers")
    text = complaint(path=str(base), adapter=str(adapter))
    assert "adapter_model.safetensors lacks 12 weights, the first base_model.model.model.layers.0.self_attn" in text


def test_an_adapter_with_more_than_the_model_has(base: Path, adapter: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    extra = "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"
    save_file({**load_file(path), extra: torch.zeros(4, 4)}, path, metadata={"format": "pt"})
    assert f"has no layer for 1 weight, the first {extra}" in complaint(path=str(base), adapter=str(adapter))


def test_an_adapters_own_tokenizer_goes_with_it(base: Path, adapter: Path) -> None:
    config = ModelConfig(path=str(base), adapter=str(adapter))
    assert load_source(config)[1].chat_template is None
    without = model_identity(config)
    _, tokenizer = tiny_qwen3(seed=3)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(adapter)
    assert load_source(config)[1].chat_template == TEMPLATE
    assert model_identity(config) != without


def test_an_adapters_missing_base_is_named_with_who_names_it(adapter: Path) -> None:
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": "nobody/nothing"}))
    text = complaint(hub="nobody/nothing", adapter=str(adapter))
    assert text.startswith(f'model.hub, or {adapter / "adapter_config.json"}: "nobody/nothing" cannot be loaded')
