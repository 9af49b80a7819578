"""The model that a stage trains: the parent's weights, with a new adapter or the parent's own."""

from __future__ import annotations

from pathlib import Path

from tests.support.vllm_models import adapter_checkpoint, tiny_checkpoint
from xdomain.config.model import LoraConfig
from xdomain.train.trainable import load_trainable


def test_chaining_decides_on_the_adapter_and_the_checkpoint_below_it(tmp_path: Path) -> None:
    full = tiny_checkpoint(tmp_path / "full", 1)
    adapted = adapter_checkpoint(tmp_path / "adapted", full, 6)
    model, below = load_trainable(full, None)
    assert below is None
    assert all(parameter.requires_grad for parameter in model.parameters())
    model, below = load_trainable(adapted, LoraConfig(r=4, chaining="merge"))
    assert below == adapted
    assert model.peft_config["default"].r == 4
    model, below = load_trainable(adapted, LoraConfig(r=4, chaining="continue"))
    assert below == full.resolve()
    assert any(parameter.requires_grad for parameter in model.parameters())
