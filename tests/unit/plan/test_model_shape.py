"""Parameters counted from a configuration are those of the model that transformers makes of it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from xdomain.config.model import LoraConfig
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.model_shape import FAMILIES, shape_of

TABLE: dict[str, dict[str, Any]] = json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())
PUBLISHED = {
    "Qwen/Qwen3-4B": 4_022_468_096,
    "Qwen/Qwen2.5-3B-Instruct": 3_085_938_688,
    "Qwen/Qwen2.5-7B": 7_615_616_512,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": 1_777_088_000,
    "HuggingFaceTB/SmolLM2-135M": 134_515_008,
}
"""Parameters that the hub shows for their safetensors."""


def meta_model(config: dict[str, Any]) -> Any:
    settings = {name: value for name, value in config.items() if name != "model_type"}
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(config["model_type"], **settings))


@pytest.mark.parametrize("name", ["Qwen/Qwen3-4B", "Qwen/Qwen2.5-7B", "HuggingFaceTB/SmolLM2-135M"])
def test_known_models_have_the_parameters_of_the_meta_model(name: str) -> None:
    shape, model = shape_of(TABLE[name]), meta_model(TABLE[name])
    assert shape is not None
    total = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name}: formula {shape.parameters:,}, meta device {total:,}")
    assert shape.parameters == total


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_table_agrees_with_published_totals(name: str) -> None:
    shape = shape_of(TABLE[name])
    assert shape is not None
    assert shape.parameters == PUBLISHED[name]


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_counted(family: str, biases: bool) -> None:
    given = {"attention_bias": True, "mlp_bias": True} if biases else {}
    sizes = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4}
    tokens = {"vocab_size": 300, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = AutoConfig.for_model(family, num_key_value_heads=2, **sizes, **tokens, **given)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shape = shape_of(config.to_diff_dict())
    assert shape is not None
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_an_adapter_has_the_parameters_that_peft_makes() -> None:
    import peft

    model = meta_model(TABLE["HuggingFaceTB/SmolLM2-135M"])
    shape = shape_of(TABLE["HuggingFaceTB/SmolLM2-135M"])
    assert shape is not None
    for targets in ("all-linear", ("q_proj", "v_proj")):
        lora = LoraConfig(r=8, target_modules=targets)
        chosen = targets if isinstance(targets, str) else list(targets)
        with torch.device("meta"):
            adapted = peft.get_peft_model(model, peft.LoraConfig(r=8, target_modules=chosen, task_type="CAUSAL_LM"))
        trained = sum(each.numel() for each in adapted.parameters() if each.requires_grad)
        model = adapted.unload()
        assert shape.adapter_parameters(lora) == trained


def test_the_preset_is_the_tables_model() -> None:
    model, _ = tiny_qwen3()
    shape = shape_of(TABLE["preset:tiny_qwen3"])
    assert shape == shape_of(model.config.to_dict())
    assert shape is not None
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    "config",
    [{"model_type": "mamba"}, {}, {"model_type": "llama"}, {"model_type": "llama", "num_attention_heads": "x"}],
)
def test_what_is_not_known_has_no_shape(config: dict[str, Any]) -> None:
    assert shape_of(config) is None
