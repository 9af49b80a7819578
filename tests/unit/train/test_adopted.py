"""Checkpoints of other models are refused; tests/integration/test_adopt.py takes some in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.core.errors import StageError
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.adopted import check_tokenizer, check_weights, shapes_of

DECLARED = AdoptedCheckpoint(step=1, path="/somewhere")


def test_another_architecture_is_named(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    save_full(model, tokenizer, tmp_path, chat_template=False)
    expected = shapes_of(tmp_path, custom_code=False)
    check_weights(model, expected, DECLARED)
    name = next(iter(expected))
    with pytest.raises(StageError, match=f'"/somewhere" is not a checkpoint .* its weight {name} is .* is missing'):
        check_weights(model, {key: shape for key, shape in expected.items() if key != name}, DECLARED)
    with torch.no_grad():
        model.get_parameter(name)[0] = torch.inf
    with pytest.raises(StageError, match="is not finite"):
        check_weights(model, expected, DECLARED)


def test_another_tokenizer_is_refused() -> None:
    own, base = tiny_qwen3()[1], tiny_qwen3()[1]
    check_tokenizer(own, base, DECLARED)
    own.add_tokens(["<more>"])
    with pytest.raises(StageError, match="its tokenizer differs"):
        check_tokenizer(own, base, DECLARED)
