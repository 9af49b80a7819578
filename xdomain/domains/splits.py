"""Assignment of items to splits, decided only by what an item asks, so that no question is in two splits."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item, Split
from xdomain.domains.values import plain_json

UNORDERED = frozenset({"options", "choices"})
"""Fields that are lists whose order is not part of the question."""


def normalise_prompt(prompt: str) -> str:
    """Width, case and runs of white space are not differences between prompts; punctuation is (1+2 is not 1-2)."""
    folded = unicodedata.normalize("NFKC", prompt).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())  # folding can undo the normal form


def prompt_key(prompt: str) -> str:
    """sha256 of the normalised prompt."""
    return text_digest(normalise_prompt(prompt))


def question_key(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the key that all items asking the same share: sha256 of the normalised question fields.

    Fields are joined in the order of their names. A single field has the key that its text has as a prompt.
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
    """Return the key by which an item is placed in a split; items that ask the same share it.

    If a domain does not set `Item.split_key`, the digest of the normalised prompt is used.
    """
    return item.split_key or prompt_key(item.prompt)


def split_of(key: str, *, dev: float, test: float) -> Split:
    """Return the split of a key: the hash is read as a number in [0, 1); test comes first, then dev, then train.

    Changing `dev` moves items between dev and train only, so a test split survives it.
    """
    place = int(key[:13], 16) / 16**13
    if place < test:
        return Split.TEST
    return Split.DEV if place < test + dev else Split.TRAIN
