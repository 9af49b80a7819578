"""Prompts as the model sees them: the chat template is applied once, here or by TRL, never twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.domains.base import Item

Message = dict[str, str]


def uses_chat(config: ModelConfig, tokenizer: Any) -> bool:
    """Whether prompts go through the chat template: as the file says, else exactly when there is one.

    Raises:
        ConfigError: one is asked for, but the tokenizer has none.
    """
    has = bool(getattr(tokenizer, "chat_template", None))
    if config.chat_template and not has:
        raise ConfigError(
            "the tokenizer has no chat template.", where="model.chat_template", fix="Leave the field out."
        )
    return has if config.chat_template is None else config.chat_template


def trl_prompt(item: Item, chat: bool) -> str | list[Message]:
    """The `prompt` column for TRL: messages where TRL shall apply the chat template, else text."""
    return messages(item) if chat else plain_text(item)


def messages(item: Item) -> list[Message]:
    system = [{"role": "system", "content": item.system}] if item.system else []
    return [*system, {"role": "user", "content": item.prompt}]


def plain_text(item: Item) -> str:
    """Without a chat template the system message stands before the prompt."""
    return f"{item.system}\n\n{item.prompt}" if item.system else item.prompt


def render(item: Item, tokenizer: Any, chat: bool) -> str:
    """The prompt text as tokenised."""
    if not chat:
        return plain_text(item)
    return str(tokenizer.apply_chat_template(messages(item), add_generation_prompt=True, tokenize=False))


def encode(texts: Sequence[str], tokenizer: Any, chat: bool) -> list[list[int]]:
    """Token ids; a rendered chat template brings its own special tokens, plain text gets the tokenizer's."""
    return [list(ids) for ids in tokenizer(list(texts), add_special_tokens=not chat)["input_ids"]]
