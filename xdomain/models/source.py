"""Where a grid's model comes from: a preset, a folder, a hub id, or a GGUF file; a LoRA adapter may lie on it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.locate import gguf_path
from xdomain.models.tiny import tiny_qwen3

UNREADABLE = (OSError, ValueError, LookupError, TypeError, RuntimeError, NotImplementedError, struct.error)
"""What transformers and gguf raise on a file that is damaged or of an unknown kind."""


def load_source(config: ModelConfig) -> tuple[Any, Any]:
    """Model on the CPU in the wanted dtype, an adapter merged, and its tokenizer with a pad token.

    Raises:
        ConfigError: the source is not there, or is no causal language model, or the adapter does not lie on it.
    """
    model, tokenizer = _load(config)
    return (model if config.adapter is None else merge_adapter(model, Path(config.adapter).expanduser())), tokenizer


def _load(config: ModelConfig) -> tuple[Any, Any]:
    kind, value = config.source
    dtype = getattr(torch, config.dtype)
    if kind == "preset":
        model, tokenizer = tiny_qwen3()
        return model.to(dtype), tokenizer
    if kind == "gguf":
        return _load_gguf(gguf_path(value), dtype)
    try:
        arguments = {"revision": config.revision} if config.revision is not None else {}
        check_causal(
            AutoConfig.from_pretrained(value, trust_remote_code=config.trust_remote_code, **arguments), value, kind
        )
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


def check_causal(config: Any, name: str, kind: str) -> None:
    """Refuse an encoder, a classifier or a sequence-to-sequence model: transformers would load some of them as a causal
    one, with a fresh head that answers noise.

    Raises:
        ConfigError: the configuration names architectures, and none is causal.
    """
    own = "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {})
    named = config.architectures or []
    if own or not named or set(named) & set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()):
        return
    raise ConfigError(
        f'"{name}" is no causal language model: its configuration says {", ".join(named)}.',
        where=f"model.{kind}",
        fix="Choose a model whose architecture ends with ForCausalLM.",
    )


def merge_adapter(model: Any, folder: Path) -> Any:
    """`model` with the LoRA adapter in `folder` merged into its weights.

    Raises:
        ConfigError: there is none, it is not safetensors, or it fits another model.
    """
    from peft import PeftModel

    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise ConfigError(
                f'"{folder}" is no LoRA adapter: it has no {name}.',
                where="model.adapter",
                fix="Give a folder that peft's save_pretrained wrote (pickles are not read).",
            )
    try:
        return PeftModel.from_pretrained(model, folder).merge_and_unload()
    except (RuntimeError, ValueError, KeyError) as error:
        raise ConfigError(
            f'the adapter "{folder}" does not fit the model: {str(error).splitlines()[0]}',
            where="model.adapter",
            fix="Name the model that it was trained on.",
        ) from error


def with_pad_token(tokenizer: Any) -> Any:
    """Use the end token for padding where there is none; generation pads on the left."""
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def _load_gguf(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=dtype)
    except UNREADABLE as error:
        raise ConfigError(
            f'"{path}" cannot be read as a GGUF model: {type(error).__name__}: {str(error)[:200]}',
            where="model.gguf",
            fix="Copy the file again; transformers reads the architectures that its GGUF page lists.",
        ) from error
    # The weights are dequantised on loading, but the marks stay behind and would make `save_pretrained` refuse.
    model.config.quantization_config = None
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model, "quantization_method"):
        del model.quantization_method
    return model, with_pad_token(tokenizer)
