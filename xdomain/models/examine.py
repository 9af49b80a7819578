"""Examine a base model before it is published, and refuse it if it would give wrong numbers."""

from __future__ import annotations

from typing import Any

import torch

from xdomain.config.model import ModelConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import ConfigError
from xdomain.core.model_context import context_of
from xdomain.core.words import count
from xdomain.models.source import named_in

CAUSALITY_TOKENS = 8
"""Length in tokens of the sequence whose last token is changed to see whether the model looks ahead."""
ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-5}
"""Largest mean change of the earlier logits, in their standard deviations, that counts as rounding.

A decoder's logits mostly do not change at all.
"""
HALF_ROUNDING = 1e-3


def examine(model: Any, tokenizer: Any, source: ModelConfig, training: TrainingConfig | None) -> None:
    """Refuse a base model that would give wrong numbers in evaluation or training.

    Args:
        model: The loaded model.
        tokenizer: Its tokenizer.
        source: Origin of the model.
        training: Training settings; None if the model is only evaluated.

    Raises:
        ConfigError: The model lacks an embedding for an id of the tokenizer, has no end token, looks ahead, has
            quantised weights, or has a context or dtype that does not suit the training.
    """
    where = named_in(source)
    check_vocabulary(model, tokenizer, where)
    check_end(model, tokenizer, where)
    check_weights(model, where)
    check_causality(model, where)
    if training is not None:
        check_context(context_of(model.config), training)
        check_trainable_dtype(source)


def check_vocabulary(model: Any, tokenizer: Any, where: str) -> None:
    """Compare the tokenizer's ids with the rows of the embedding.

    Raises:
        ConfigError: An id has no row.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    beyond = {token: index for token, index in tokenizer.get_vocab().items() if index >= rows}
    if beyond:
        token, index = max(beyond.items(), key=lambda pair: pair[1])
        raise ConfigError(
            f"the tokenizer has {count(len(beyond), 'token')} without an embedding: {token!r} has the id {index}, and "
            f"the model has {rows} rows.",
            where=where,
            fix="Copy the tokenizer that belongs to the model, or save the model after resize_token_embeddings("
            f"{index + 1}).",
        )


def check_end(model: Any, tokenizer: Any, where: str) -> None:
    """Check the tokens that end a completion and that pad shorter prompts.

    The padding token may equal the end token, since the attention mask marks padding.

    Raises:
        ConfigError: There is no end token, or an id of the generation settings or the padding has no embedding.
    """
    if tokenizer.eos_token_id is None:
        raise ConfigError(
            "the tokenizer names no end token (eos_token), so no completion would ever end and prompts could not be "
            "padded.",
            where=where,
            fix="Name it in tokenizer_config.json, as eos_token.",
        )
    rows = model.get_input_embeddings().weight.shape[0]
    settings = model.generation_config
    ends = getattr(settings, "eos_token_id", None)
    named = {"eos_token_id": ends, "pad_token_id": getattr(settings, "pad_token_id", None)}
    for name, value in named.items():
        for index in value if isinstance(value, list | tuple) else [value]:
            if index is not None and not (type(index) is int and 0 <= index < rows):
                raise ConfigError(
                    f"generation_config.json says {name}: {str(index)[:40]}, but the model has embeddings for "
                    f"0 to {rows - 1}.",
                    where=where,
                    fix="Correct the id in generation_config.json (or in config.json without such a file).",
                )


def check_weights(model: Any, where: str) -> None:
    """Check the types of the weights.

    Raises:
        ConfigError: Some are not floating-point numbers, or have fewer than 16 bits.
    """
    for name, weight in model.named_parameters():
        if not weight.is_floating_point() or weight.element_size() < torch.float16.itemsize:
            raise ConfigError(
                f"{name} is stored as {str(weight.dtype).removeprefix('torch.')}: the model is quantised.",
                where=where,
                fix="Use the model's float16, bfloat16 or float32 weights.",
            )


@torch.no_grad()
def check_causality(model: Any, where: str) -> None:
    """Change the last token of a sequence and compare the logits before it.

    Raises:
        ConfigError: They change, so the model sees the tokens that it should predict.
    """
    model.eval()
    size = model.get_input_embeddings().weight.shape[0]
    ids = torch.tensor([[(7 * n + 3) % size for n in range(CAUSALITY_TOKENS)]], device=model.device)
    other = ids.clone()
    other[0, -1] = (other[0, -1] + 1) % size
    one, two = (model(input_ids=each).logits[0, :-1].float() for each in (ids, other))
    if float((one - two).abs().mean()) > ROUNDING.get(model.dtype, HALF_ROUNDING) * float(one.std()):
        raise ConfigError(
            f"{type(model).__name__} looks ahead: its answers at a token depend on the tokens after it.",
            where=where,
            fix="Choose a decoder; for a model such as BERT that can be one, config.json must say is_decoder: true.",
        )


def check_context(context: int | None, training: TrainingConfig) -> None:
    """Compare the model's context with the longest prompt and completion of the training.

    Raises:
        ConfigError: They do not fit.
    """
    longest, room = training.max_completion_tokens, training.max_prompt_tokens
    if context is None or longest + (room or 1) <= context:
        return
    prompt = f"max_prompt_tokens = {room} and " if room is not None else "a prompt and "
    raise ConfigError(
        f"{prompt}max_completion_tokens = {longest} do not fit the model's context of {context} tokens.",
        where="training.max_completion_tokens",
        fix=f"Lower it, so that prompt and completion together have at most {context} tokens.",
    )


def check_trainable_dtype(model: ModelConfig) -> None:
    """Check the dtype in which weights are trained.

    Raises:
        ConfigError: The dtype is float16, in which small gradients become 0 without loss scaling.
    """
    if model.dtype == "float16" and model.lora is None:
        raise ConfigError(
            "float16 weights cannot be trained: small gradients become 0, and the loss is not scaled.",
            where="model.dtype",
            fix="Use float32 (with training.bf16: true to compute in bfloat16) or bfloat16. A float16 checkpoint loads "
            "as either.",
        )
