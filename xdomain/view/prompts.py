"""Prompts rendered again from items and chat templates, shown only if their digest is the recorded one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from xdomain.core.files import read_json
from xdomain.core.fingerprint import text_digest
from xdomain.core.limits import limited
from xdomain.core.reading import read_limited
from xdomain.domains.base import Item
from xdomain.models.prompting import RENDERING_FAILED, messages, plain_text

LONGEST_SECONDS = 2.0
MOST_MEBIBYTES = 512
"""Limits on rendering one prompt."""
LARGEST_TEMPLATE = 2**20
"""Largest size of a template in bytes. Templates of published models have up to 30,000."""
SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")


class PromptTexts:
    """A renderer of the prompts that a checkpoint saw.

    An equal digest proves that the text is the same. Otherwise no text is shown.

    Args:
        folders: Folder with the tokenizer's files of each checkpoint, by the checkpoint's name.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self._templates: dict[Path, ChatTemplate | None] = {}

    def find(self, item: Item, checkpoint: str, digest: str) -> str | None:
        """Return the prompt of `item` whose sha256 is `digest`, or None if it cannot be rendered again."""
        return next((text for text in self._candidates(item, checkpoint) if text_digest(text) == digest), None)

    def _candidates(self, item: Item, checkpoint: str) -> Iterator[str]:
        yield plain_text(item)
        yield json.dumps(messages(item))  # the messages that an endpoint's server gets
        template = self._template(checkpoint)
        rendered = None if template is None else template.render(item)
        if rendered is not None:
            yield rendered

    def _template(self, checkpoint: str) -> ChatTemplate | None:
        folder = self._folders.get(checkpoint)
        if folder is None:
            return None
        if folder not in self._templates:
            self._templates[folder] = ChatTemplate.of(folder)
        return self._templates[folder]


class ChatTemplate:
    """A chat template rendered without transformers, in the same sandbox and with the same settings.

    Args:
        text: Text of the template.
        tokens: Special tokens that the template may write, by name ("bos_token").
    """

    def __init__(self, text: str, tokens: Mapping[str, str]) -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        self._template = environment.from_string(text)
        self._tokens = dict(tokens)

    @classmethod
    def of(cls, folder: Path) -> ChatTemplate | None:
        """Return the template in a tokenizer's folder, or None if there is none that can be read."""
        try:
            settings = read_json(folder / "tokenizer_config.json")
            path = folder / "chat_template.jinja"
            text = settings.get("chat_template")
            if path.is_file():
                text = read_limited(path, LARGEST_TEMPLATE).decode()
            tokens = {name: settings[name] for name in SPECIAL_TOKENS if isinstance(settings.get(name), str)}
            with limited(LONGEST_SECONDS, MOST_MEBIBYTES):
                return cls(text, tokens) if isinstance(text, str) else None
        except (OSError, *RENDERING_FAILED):
            return None

    def render(self, item: Item) -> str | None:
        try:
            with limited(LONGEST_SECONDS, MOST_MEBIBYTES):
                return self._template.render(messages=messages(item), add_generation_prompt=True, **self._tokens)
        except RENDERING_FAILED:
            return None


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **others: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **others)


def _raise(message: str) -> None:
    raise TemplateError(message)
