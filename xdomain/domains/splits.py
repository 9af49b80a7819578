"""Which split a prompt belongs to: decided by its normalised text alone, so that splits cannot share a prompt."""

from __future__ import annotations

import unicodedata

from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item, Split


def normalise_prompt(prompt: str) -> str:
    """Width, case and runs of white space are not differences between prompts; punctuation is (1+2 is not 1-2)."""
    folded = unicodedata.normalize("NFKC", prompt).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())  # folding can undo the normal form


def prompt_key(prompt: str) -> str:
    """sha256 of the normalised prompt."""
    return text_digest(normalise_prompt(prompt))


def split_key(item: Item) -> str:
    """Return the key by which an item is placed in a split; items that ask the same share it."""
    return prompt_key(item.prompt)


def split_of(key: str, *, dev: float, test: float) -> Split:
    """The split of a prompt key: the hash as a number in [0, 1), test first, then dev, the rest train.

    Changing `dev` moves items between dev and train only, so a test split survives it.
    """
    place = int(key[:13], 16) / 16**13
    if place < test:
        return Split.TEST
    return Split.DEV if place < test + dev else Split.TRAIN
