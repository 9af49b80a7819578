"""How far a stage moved the weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xdomain.config.model import LoraConfig
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, save_adapter, save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.displacement import displacement


@pytest.fixture
def base(tmp_path: Path) -> Path:
    save_full(*tiny_qwen3(seed=1), tmp_path / "base", chat_template=False)
    return tmp_path / "base"


def test_the_length_of_a_known_change(base: Path, tmp_path: Path) -> None:
    model = load_plain(base)
    with torch.no_grad():
        model.model.norm.weight.add_(3.0)
    save_full(model, tiny_qwen3()[1], tmp_path / "after", chat_template=False)
    assert displacement(tmp_path / "after", base) == pytest.approx(3.0 * model.model.norm.weight.numel() ** 0.5)
    assert displacement(base, base) == 0.0


def test_an_adapter_is_all_of_the_change_unless_it_was_trained_on(base: Path, tmp_path: Path) -> None:
    adapted = new_adapter(load_plain(base), LoraConfig(r=2), random=True)
    save_adapter(adapted, tmp_path / "first", base)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.mul_(3.0)
    save_adapter(adapted, tmp_path / "second", base)
    first, second = displacement(tmp_path / "first", base), displacement(tmp_path / "second", base)
    assert first > 0
    assert second == pytest.approx(3 * first, rel=1e-5)
    assert displacement(tmp_path / "second", tmp_path / "first") == pytest.approx(2 * first, rel=1e-5)
