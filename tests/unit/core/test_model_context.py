"""The context length that a model's configuration states."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from xdomain.core.model_context import context_of


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ({"max_position_embeddings": 64}, 64),
        ({"n_positions": 1024}, 1024),
        ({"max_position_embeddings": 0, "seq_length": 2048}, 2048),
        ({"max_position_embeddings": None}, None),
        ({}, None),
    ],
)
def test_the_longest_sequence(fields: dict[str, Any], length: int | None) -> None:
    text = SimpleNamespace(**fields)
    assert context_of(SimpleNamespace(get_text_config=lambda: text, max_position_embeddings=7)) == length
