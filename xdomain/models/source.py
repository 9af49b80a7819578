"""Load the base model: a preset, a folder, a hub id, or a GGUF file, with or without a LoRA adapter."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError, XDomainError
from xdomain.core.locate import ADAPTER_CONFIG, gguf_path, has_tokenizer
from xdomain.core.words import count
from xdomain.models.tiny import tiny_qwen3

UNREADABLE = (OSError, ValueError, LookupError, TypeError, RuntimeError, NotImplementedError, struct.error)
"""Errors that transformers and gguf raise on a file that is corrupt or of an unknown kind."""
ADAPTER_WEIGHTS = "adapter_model.safetensors"
NAMED_KEYS = 3
"""Number of missing weights that an error names."""


def load_source(config: ModelConfig) -> tuple[Any, Any]:
    """Return the model on the CPU in the configured dtype, with any adapter merged, and its tokenizer with a pad token.

    A tokenizer that was saved with the adapter replaces the model's, including its chat template.

    Raises:
        ConfigError: The source does not exist, lacks weights or a tokenizer, or is not a causal language model, or the
            adapter belongs to another model.
    """
    model, tokenizer = _load(config)
    if config.adapter is not None:
        folder = Path(config.adapter).expanduser()
        model = merge_adapter(model, folder)
        tokenizer = with_pad_token(AutoTokenizer.from_pretrained(folder)) if has_tokenizer(folder) else tokenizer
    require_vocabulary(tokenizer, config)
    return model, tokenizer


def _load(config: ModelConfig) -> tuple[Any, Any]:
    kind, value = config.source
    dtype = getattr(torch, config.dtype)
    if kind == "preset":
        model, tokenizer = tiny_qwen3()
        return model.to(dtype), tokenizer
    if kind == "gguf":
        return _load_gguf(gguf_path(value), dtype)
    tokenizer = load_tokenizer(config)
    with _loading(config):
        model, report = AutoModelForCausalLM.from_pretrained(
            value, dtype=dtype, use_safetensors=True, output_loading_info=True, **_arguments(config)
        )
    require_whole(report["missing_keys"], value, named_in(config))
    return model, with_pad_token(tokenizer)


def load_tokenizer(config: ModelConfig) -> Any:
    """Return the tokenizer of a folder or a hub model, after a check that the model is a causal language model.

    Raises:
        ConfigError: The model cannot be reached, or is not a causal language model.
    """
    kind, value = config.source
    with _loading(config):
        check_causal(AutoConfig.from_pretrained(value, **_arguments(config)), value, kind)
        return AutoTokenizer.from_pretrained(value, **_arguments(config))


def _arguments(config: ModelConfig) -> dict[str, Any]:
    revision = {"revision": config.revision} if config.revision is not None else {}
    return {"trust_remote_code": config.trust_remote_code, **revision}


@contextmanager
def _loading(config: ModelConfig) -> Iterator[None]:
    """Turn errors of transformers inside the block into a ConfigError that names the file at fault.

    transformers raises whatever its code meets on files that others wrote: TypeError, AttributeError, its own kinds.
    """
    value = config.source[1]
    try:
        yield
    except XDomainError:
        raise
    except Exception as error:
        if not config.trust_remote_code and "trust_remote_code" in str(error):
            raise ConfigError(
                f'"{value}" brings its own Python code, which runs only if you trust it.',
                where=named_in(config),
                fix="Read the .py files next to its weights, then set model.trust_remote_code: true.",
            ) from error
        damaged = [path.name for path in sorted(Path(value).expanduser().glob("*.safetensors")) if is_damaged(path)]
        detail = f"{', '.join(damaged)} is truncated or damaged ({error})" if damaged else _in_words(error)
        raise ConfigError(
            f'"{value}" cannot be loaded as a causal language model: {detail}',
            where=named_in(config),
            fix="Copy the file again."
            if damaged
            else "Check the name; a hub model must be reachable or in the local cache.",
        ) from error


def _in_words(error: Exception) -> str:
    """Return what an error says, with its kind where its text is the program's rather than a reader's."""
    text = str(error)
    is_worded = isinstance(error, OSError | ValueError | RuntimeError | ImportError)
    return text if is_worded and text else f"{type(error).__name__}: {text}"


def named_in(config: ModelConfig) -> str:
    """Return the name of the file that describes the model. For an adapter this may be the adapter's configuration."""
    field = f"model.{config.source[0]}"
    return field if config.adapter is None else f"{field}, or {Path(config.adapter) / ADAPTER_CONFIG}"


def is_damaged(path: Path) -> bool:
    """Return whether a safetensors file is corrupt, that is, whether its header does not match its size."""
    try:
        with safe_open(path, "pt"):
            return False
    except (OSError, SafetensorError):
        return True


def require_whole(missing: Collection[str], name: str, where: str) -> None:
    """Refuse a model with missing weights, which transformers would fill with random numbers.

    Args:
        missing: Names of the missing weights. Tied weights are not among them.
        name: Name of the model, for the error.
        where: Configuration field of the model, for the error.

    Raises:
        ConfigError: Some weights are missing.
    """
    if missing:
        raise ConfigError(
            f'"{name}" lacks {some_of(missing)}: they would be random numbers.',
            where=where,
            fix="Copy the model again: files of weights, or parts of them, are missing.",
        )


def some_of(keys: Collection[str]) -> str:
    """Return a text such as "11 weights, the first a, b, c"."""
    return f"{count(len(keys), 'weight')}, the first {', '.join(sorted(keys)[:NAMED_KEYS])}"


def require_vocabulary(tokenizer: Any, config: ModelConfig) -> None:
    """Refuse the empty tokenizer that transformers creates for a folder without one.

    Raises:
        ConfigError: The tokenizer has only special tokens.
    """
    if set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise ConfigError(
            f'"{config.source[1]}" has no tokenizer.',
            where=named_in(config),
            fix="Copy the tokenizer's files (tokenizer.json, tokenizer_config.json) next to the weights.",
        )


def check_causal(config: Any, name: str, kind: str) -> None:
    """Refuse an encoder, a classifier or a sequence-to-sequence model.

    transformers would load some of them as a causal model with a new random head, which answers noise.

    Raises:
        ConfigError: The configuration names architectures, and none of them is causal.
    """
    own = "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {})
    named = [config.architectures] if isinstance(config.architectures, str) else config.architectures or []
    if not named and getattr(config, "is_encoder_decoder", False):
        named = [f"{config.model_type} (is_encoder_decoder: true)"]
    if own or not named or set(named) & set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()):
        return
    raise ConfigError(
        f'"{name}" is not a causal language model: its configuration says {", ".join(named)}.',
        where=f"model.{kind}",
        fix="Choose a model whose architecture ends with ForCausalLM.",
    )


def merge_adapter(model: Any, folder: Path) -> Any:
    """Return `model` with the LoRA adapter in `folder` merged into its weights.

    Raises:
        ConfigError: The folder has no adapter, the adapter is not safetensors, or it belongs to another model.
    """
    from peft import PeftModel, get_peft_model_state_dict

    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        if not (folder / name).is_file():
            raise ConfigError(
                f'"{folder}" is not a LoRA adapter: it has no {name}.',
                where="model.adapter",
                fix="Give a folder that peft's save_pretrained wrote (pickles are not read).",
            )
    misfit = f'the adapter "{folder}" does not fit the model'
    fix = "Name the model that it was trained on."
    try:
        with safe_open(folder / ADAPTER_WEIGHTS, "pt") as file:
            stored = set(file.keys())
        both = PeftModel.from_pretrained(model, folder)
    except SafetensorError as error:
        raise ConfigError(
            f'"{folder / ADAPTER_WEIGHTS}" is truncated or damaged: {error}.',
            where="model.adapter",
            fix="Copy the file again.",
        ) from error
    except (RuntimeError, ValueError, KeyError) as error:
        raise ConfigError(f"{misfit}: {str(error).splitlines()[0]}", where="model.adapter", fix=fix) from error
    # peft only warns about weights for which the model has no layer, and ignores them.
    wanted = set(get_peft_model_state_dict(both, save_embedding_layers=False))
    if missing := wanted - stored:
        raise ConfigError(f"{misfit}: {ADAPTER_WEIGHTS} lacks {some_of(missing)}.", where="model.adapter", fix=fix)
    if unused := {key for key in stored - wanted if "lora_" in key}:
        raise ConfigError(
            f"{misfit}, which has no layer for {some_of(unused)} of {ADAPTER_WEIGHTS}.", where="model.adapter", fix=fix
        )
    return both.merge_and_unload()


def with_pad_token(tokenizer: Any) -> Any:
    """Use the end token for padding if the tokenizer has no padding token; generation pads on the left."""
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def _load_gguf(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model, report = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=dtype, output_loading_info=True
        )
    except UNREADABLE as error:
        raise ConfigError(
            f'"{path}" cannot be read as a GGUF model: {type(error).__name__}: {str(error)[:200]}',
            where="model.gguf",
            fix="Copy the file again; transformers reads the architectures that its GGUF page lists.",
        ) from error
    require_whole(report["missing_keys"], path.name, "model.gguf")
    # Loading dequantises the weights but keeps marks of quantisation, with which `save_pretrained` would fail.
    model.config.quantization_config = None
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model, "quantization_method"):
        del model.quantization_method
    return model, with_pad_token(tokenizer)
