"""Assign items to splits by their questions only, so that no question is in two splits."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item, Split
from xdomain.domains.values import plain_json

UNORDERED = frozenset({"options", "choices"})
"""Fields that hold lists whose order is not part of the question."""


def normalise_prompt(prompt: str) -> str:
    """Return a prompt without differences in width, case and white space. Punctuation stays (1+2 is not 1-2)."""
    folded = unicodedata.normalize("NFKC", prompt).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())  # folding can undo the normal form


def prompt_key(prompt: str) -> str:
    """Return the sha256 of the normalised prompt."""
    return text_digest(normalise_prompt(prompt))


def question_key(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the key that all items with the same question share: the sha256 of the normalised question fields.

    Fields are joined in the order of their names. The key of a single field equals the `prompt_key` of its text.
    """
    return prompt_key("\n".join(_text(name, values.get(name)) for name in sorted(names)))


def _text(name: str, value: Any) -> str:
    value = plain_json(value)
    if name in UNORDERED and isinstance(value, list):
        return "\n".join(sorted(normalise_prompt(_text("", part)) for part in value))
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def split_key(item: Item) -> str:
    """Return the key that assigns an item to a split. Items with the same question have the same key.

    If a domain does not set `Item.split_key`, the digest of the normalised prompt is used.
    """
    return item.split_key or prompt_key(item.prompt)


def split_of(key: str, *, dev: float, test: float) -> Split:
    """Return the split of a key.

    The hash is read as a number in [0, 1), which is divided into test, dev and train in this order. So a change of
    `dev` moves items only between dev and train, and test stays the same.

    Args:
        key: Split key in hexadecimal digits.
        dev: Share of dev.
        test: Share of test.
    """
    place = int(key[:13], 16) / 16**13
    if place < test:
        return Split.TEST
    return Split.DEV if place < test + dev else Split.TRAIN
