"""Check the settings in `training.grpo` against GRPOConfig's fields, and try them out, before the first stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_type_hints

import torch
from pydantic import TypeAdapter, ValidationError
from transformers import GenerationConfig
from trl import GRPOConfig

from xdomain.config.grpo_fields import PASSED
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean
from xdomain.models.tiny import tiny_qwen3

SAMPLING = ("top_k", "min_p", "repetition_penalty", "cache_implementation")
"""GRPOConfig fields that TRL hands to generation. transformers checks their values only when it generates."""


def check_values(grpo: Mapping[str, Any]) -> None:
    """Check that each field is one of GRPOConfig's and that its value has the field's type.

    Raises:
        ConfigError: A field is unknown or its value has another type.
    """
    types = get_type_hints(GRPOConfig)
    names = [field.name for field in dataclasses.fields(GRPOConfig) if field.init]
    for name, value in grpo.items():
        if name not in names:
            raise ConfigError(
                f"TRL's GRPOConfig has no such field.{did_you_mean(name, names)}",
                where=f"training.grpo.{name}",
                fix="Its fields are those of the installed trl.",
            )
        if name not in PASSED:
            raise ConfigError(
                "this field of the installed trl is newer than xdomain, so its effect is unknown.",
                where=f"training.grpo.{name}",
                fix="Remove it, or install the trl of constraints.txt.",
            )
        try:
            # Strict mode, since TRL gets the value unchanged and "5" is not a number.
            TypeAdapter(types[name]).validate_python(value, strict=True)
        except ValidationError as error:
            raise ConfigError(f"{error.errors()[0]['msg']}. Found {value!r}.", where=f"training.grpo.{name}") from None


def check_sampling(arguments: GRPOConfig) -> None:
    """Draw one token from a tiny model with the sampling settings of TRL's rollouts.

    Raises:
        ConfigError: transformers refuses a setting.
    """
    model, tokenizer = tiny_qwen3()
    settings = {name: getattr(arguments, name) for name in ("temperature", "top_p", *SAMPLING)}
    try:
        config = GenerationConfig(
            **settings, max_new_tokens=1, do_sample=True, pad_token_id=tokenizer.pad_token_id, disable_compile=True
        )
        model.generate(torch.tensor([[0]]), generation_config=config)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"transformers cannot sample with these settings: {error}", where="training.grpo") from error
