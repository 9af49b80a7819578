"""Seeds derive from names, never from order or from a global generator."""

from __future__ import annotations

import hashlib
import random


def derive_seed(*names: str | int) -> int:
    """A seed in [0, 2**31) that depends on `names` alone.

    31 bits, because torch, numpy's legacy seeding and TRL's `TrainingArguments.seed` all accept those.
    """
    text = "\x1f".join(f"{type(name).__name__}:{name}" for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFF_FFFF


def generator(*names: str | int) -> random.Random:
    """A private random generator seeded by `names`."""
    return random.Random(derive_seed(*names))
