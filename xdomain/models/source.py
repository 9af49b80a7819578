"""Where a grid's model comes from: a preset, a folder, a hub id, or a GGUF file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.locate import gguf_path
from xdomain.models.tiny import tiny_qwen3


def load_source(config: ModelConfig) -> tuple[Any, Any]:
    """Model on the CPU in the wanted dtype, and its tokenizer with a pad token.

    Raises:
        ConfigError: the source is not there, or is no causal language model.
    """
    kind, value = config.source
    dtype = getattr(torch, config.dtype)
    if kind == "preset":
        model, tokenizer = tiny_qwen3()
        return model.to(dtype), tokenizer
    if kind == "gguf":
        return _load_gguf(gguf_path(value), dtype)
    try:
        arguments = {"revision": config.revision} if config.revision is not None else {}
        tokenizer = AutoTokenizer.from_pretrained(value, trust_remote_code=config.trust_remote_code, **arguments)
        model = AutoModelForCausalLM.from_pretrained(
            value, dtype=dtype, use_safetensors=True, trust_remote_code=config.trust_remote_code, **arguments
        )
    except (OSError, ValueError) as error:
        raise ConfigError(
            f'"{value}" cannot be loaded as a causal language model: {error}',
            where=f"model.{kind}",
            fix="Check the name; a hub model must be reachable or in the local cache.",
        ) from error
    return model, with_pad_token(tokenizer)


def with_pad_token(tokenizer: Any) -> Any:
    """Use the end token for padding where there is none; generation pads on the left."""
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def _load_gguf(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=dtype)
    # The weights are dequantised on loading, but the marks stay behind and would make `save_pretrained` refuse.
    model.config.quantization_config = None
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model, "quantization_method"):
        del model.quantization_method
    return model, with_pad_token(tokenizer)
