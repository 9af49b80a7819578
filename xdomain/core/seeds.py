"""Derive seeds from names, independent of order and of global generators."""

from __future__ import annotations

import hashlib
import random


def derive_seed(*names: str | int) -> int:
    """Return a seed in [0, 2**31) that depends only on `names`.

    It has 31 bits, because torch, numpy's legacy seeding and TRL's `TrainingArguments.seed` all accept those.
    """
    text = "\x1f".join(f"{type(name).__name__}:{name}" for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFF_FFFF


def generator(*names: str | int) -> random.Random:
    """Return a new random generator that is seeded by `names`."""
    return random.Random(derive_seed(*names))
