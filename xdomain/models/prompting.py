"""Prompts as the model sees them and completions as verifiers see them: one definition for training and evaluation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.limits import LimitExceeded, limited
from xdomain.domains.base import Item

Message = dict[str, str]

OPENED_REASONING = re.compile(r"<think>\s*\Z")
FIXED_DATE = "{% macro strftime_now(format) %}2025-01-01{% endmacro %}"
"""Macro that gives templates a fixed date instead of today's (Llama 3.2, SmolLM3, gpt-oss)."""
RENDERING_FAILED = (
    LimitExceeded, TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, SyntaxError
)  # fmt: skip
"""Exceptions of Jinja, of a template's own expressions, and of the limits."""
LONGEST_SECONDS = 4.0
MOST_MEBIBYTES = 512
"""Limits on rendering one prompt. Rendering the first prompt also compiles the template."""
LONGEST_TEXT = 10_000_000
"""Largest number of characters in a prompt. The longest contexts of models hold half of them."""
PROBE = "xdomain asks whether this template shows a system message"


def uses_chat(config: ModelConfig, tokenizer: Any) -> bool:
    """Return whether prompts go through the chat template.

    The configuration decides. By default they do if the tokenizer has a chat template.

    Raises:
        ConfigError: The configuration asks for a chat template, but the tokenizer has none.
    """
    has = bool(getattr(tokenizer, "chat_template", None))
    if config.chat_template and not has:
        raise ConfigError(
            "the tokenizer has no chat template.", where="model.chat_template", fix="Leave the field out."
        )
    return has if config.chat_template is None else config.chat_template


def set_up_chat(config: ModelConfig, tokenizer: Any) -> bool:
    """Prepare the tokenizer's chat template and return `uses_chat`.

    `model.chat_template_kwargs` become `{% set %}` lines at the template's beginning. A template that prints the
    current date prints a fixed date instead. Both are saved with every checkpoint, so TRL, evaluation and a server that
    loads the checkpoint render the same prompts on any day.

    Raises:
        ConfigError: The configuration has arguments, but there is no chat template, or it does not read one of them; or
            the tokenizer has several templates without a default, or a template that is not text.
    """
    chat = uses_chat(config, tokenizer)
    if not chat:
        if config.chat_template_kwargs:
            raise ConfigError(
                "prompts do not go through a chat template, so its arguments have no effect.",
                where="model.chat_template_kwargs",
                fix="Remove the field.",
            )
        return chat
    template = _template_of(tokenizer)
    lines = [FIXED_DATE] if "strftime_now" in template and FIXED_DATE not in template else []
    for name, value in config.chat_template_kwargs.items():
        if re.search(rf"\b{re.escape(name)}\b", template) is None:
            raise ConfigError(
                f'the model\'s chat template does not read "{name}", so it has no effect.',
                where=f"model.chat_template_kwargs.{name}",
                fix="Remove it, or check its spelling in the template.",
            )
        lines.append(f"{{% set {name} = {_literal(value)} %}}")
    if lines:
        tokenizer.chat_template = "".join(lines) + template
    return chat


def _template_of(tokenizer: Any) -> str:
    try:
        template = tokenizer.get_chat_template()
    except ValueError as error:  # several, and none is the default
        raise _refused(error) from error
    if not isinstance(template, str):
        raise _refused(TypeError("it is not a text"))
    return template


def _refused(error: Exception) -> ConfigError:
    """Return a failure of the chat template for the user."""
    return ConfigError(
        f"the chat template cannot render a user's message: {str(error)[:300].rstrip('.')}.",
        where="model.chat_template",
        fix="Set it to false, or use a model whose chat template takes plain text.",
    )


def _literal(value: Any) -> str:
    """Return a plain value as Jinja writes it."""
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value)


def shows_system(tokenizer: Any) -> bool:
    """Return whether the chat template shows a system message. Some refuse it (Gemma 2), and some drop it.

    Raises:
        ConfigError: The template exceeds a limit.
    """
    probe = [{"role": "system", "content": PROBE}, {"role": "user", "content": "?"}]
    try:
        return PROBE in _apply(tokenizer, probe)
    except LimitExceeded as error:
        raise _refused(error) from error
    except RENDERING_FAILED:
        return False


def trl_prompt(item: Item, chat: bool, tokenizer: Any | None = None) -> str | list[Message]:
    """Return the `prompt` column for TRL: `messages` if TRL applies the chat template, otherwise text."""
    return messages(item, tokenizer) if chat else plain_text(item)


def messages(item: Item, tokenizer: Any | None = None) -> list[Message]:
    """Return the item as a conversation.

    Args:
        item: Question, with or without a system message.
        tokenizer: Tokenizer whose chat template will render the conversation; None if a server applies its own
            template. If the template does not show system messages, the system message is put in front of the user's
            message.
    """
    if item.system and tokenizer is not None and not shows_system(tokenizer):
        return [{"role": "user", "content": plain_text(item)}]
    system = [{"role": "system", "content": item.system}] if item.system else []
    return [*system, {"role": "user", "content": item.prompt}]


def plain_text(item: Item) -> str:
    """Return the prompt without a chat template: the system message, if any, followed by the question."""
    return f"{item.system}\n\n{item.prompt}" if item.system else item.prompt


def render(item: Item, tokenizer: Any, chat: bool) -> str:
    """Return the text of the prompt that is tokenised.

    Raises:
        ConfigError: The chat template cannot render a user's message, or exceeds a limit.
    """
    return render_prompt(trl_prompt(item, chat, tokenizer), tokenizer)


def render_prompt(prompt: str | list[Message], tokenizer: Any) -> str:
    """Return the text of a `prompt` column with the chat template applied (see `render`)."""
    if isinstance(prompt, str):
        return prompt
    try:
        return _apply(tokenizer, prompt)
    except RENDERING_FAILED as error:
        raise _refused(error) from error


def _apply(tokenizer: Any, prompt: list[Message]) -> str:
    """Render a conversation through the chat template, which came with the model, within limits."""
    with limited(LONGEST_SECONDS, MOST_MEBIBYTES):
        text = str(tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False))
    if len(text) > LONGEST_TEXT:
        raise LimitExceeded(f"writes {len(text)} characters, more than {LONGEST_TEXT}")
    return text


def encode(texts: Sequence[str], tokenizer: Any, chat: bool) -> list[list[int]]:
    """Return token ids. Plain text gets the tokenizer's special tokens; a rendered chat template has them already."""
    return [list(ids) for ids in tokenizer(list(texts), add_special_tokens=not chat)["input_ids"]]


def opened_reasoning(prompt: str) -> str:
    r"""Return the reasoning tag that a rendered prompt leaves open at its end ("<think>\n"), or "".

    Chat templates of reasoning models end this way, so that completions hold `</think>` but no `<think>`.
    """
    found = OPENED_REASONING.search(prompt)
    return found.group(0) if found else ""


def scored_text(opened: str, completion: str) -> str:
    """Return the text that a verifier judges.

    Args:
        opened: Reasoning tag that the prompt leaves open, as `opened_reasoning` returns it. It is put in front.
        completion: Text of the completion.
    """
    return completion if completion.lstrip().startswith("<think>") else opened + completion
