"""Context length of a model, read from its configuration."""

from __future__ import annotations

from typing import Any

CONTEXTS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "context_length")
"""Fields for the longest sequence in configurations of transformers."""


def context_of(config: Any) -> int | None:
    """Return the length of the longest sequence in tokens; None if the configuration has no limit (bloom, mamba)."""
    text = config.get_text_config()
    found = (getattr(text, name, None) for name in CONTEXTS)
    return next((length for length in found if isinstance(length, int) and length > 0), None)
