"""What earlier phases did to the weights."""

from __future__ import annotations

from pathlib import Path

import torch

from xdomain.config.model import LoraConfig
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, save_adapter, save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.history import weight_changes


def test_changes_of_full_weights_from_each_checkpoint_to_the_next(tmp_path: Path) -> None:
    folders = []
    for number in range(3):
        model, tokenizer = tiny_qwen3(seed=1)
        with torch.no_grad():
            model.model.norm.weight.add_(float(number**2))
        folders.append(tmp_path / str(number))
        save_full(model, tokenizer, folders[-1], chat_template=False)
    changes = list(weight_changes(folders))
    assert [change["model.norm.weight"].unique().tolist() for change in changes] == [[1.0], [3.0]]
    assert all(not change["model.embed_tokens.weight"].any() for change in changes)
    assert list(weight_changes(folders[:1])) == []


def test_an_adapters_change_is_its_product(tmp_path: Path) -> None:
    save_full(*tiny_qwen3(seed=1), tmp_path / "base", chat_template=False)
    adapted = new_adapter(load_plain(tmp_path / "base"), LoraConfig(r=2), random=True)
    save_adapter(adapted, tmp_path / "a", tmp_path / "base")
    (change,) = weight_changes([tmp_path / "base", tmp_path / "a"])
    before, after = load_plain(tmp_path / "base").state_dict(), load_plain(tmp_path / "a").state_dict()
    assert change
    for name, moved in change.items():
        assert torch.allclose(after[name] - before[name], moved, atol=1e-6), name
    (trained_on,) = weight_changes([tmp_path / "a", tmp_path / "a"])
    assert not any(moved.any() for moved in trained_on.values())
