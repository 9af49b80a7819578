"""Checkpoints on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from xdomain.config.model import LoraConfig
from xdomain.core.errors import StoreError
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import (
    CheckpointInfo,
    load_adapter,
    load_plain,
    load_tokenizer,
    read_info,
    save_adapter,
    save_endpoint,
    save_full,
)
from xdomain.models.tiny import tiny_qwen3


@pytest.fixture
def full(tmp_path: Path) -> Path:
    model, tokenizer = tiny_qwen3(seed=2)
    save_full(model, tokenizer, tmp_path / "base", chat_template=False)
    return tmp_path / "base"


def test_full_weights_come_back_bit_by_bit(full: Path) -> None:
    assert read_info(full) == CheckpointInfo("full", "float32", False, None)
    again, model = load_plain(full).state_dict(), tiny_qwen3(seed=2)[0].state_dict()
    assert all(torch.equal(again[name], value) for name, value in model.items())
    assert not list(full.glob("*.bin"))
    with pytest.raises(StoreError, match="holds full weights, not an adapter"):
        load_adapter(full, trainable=False)


def test_an_adapter_names_its_parent_by_a_relative_path(full: Path, tmp_path: Path) -> None:
    adapted = new_adapter(load_plain(full), LoraConfig(r=2), random=True)
    save_adapter(adapted, tmp_path / "first", full)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    full.rename(moved / "base")
    (tmp_path / "first").rename(moved / "first")
    info = read_info(moved / "first")
    assert (info.format, info.foundation) == ("adapter", moved / "base")
    assert load_tokenizer(moved / "first").get_vocab() == tiny_qwen3()[1].get_vocab()
    merged, base = load_plain(moved / "first").state_dict(), load_plain(moved / "base").state_dict()
    assert any(not torch.equal(merged[name], base[name]) for name in base)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_weights_have_the_permissions_of_their_neighbours(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        model, tokenizer = tiny_qwen3()
        save_full(model, tokenizer, tmp_path / "full", chat_template=False)
        save_adapter(new_adapter(model, LoraConfig(r=2), random=True), tmp_path / "adapter", tmp_path / "full")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*/*")}
    assert {"model.safetensors", "adapter_model.safetensors", "config.json", "checkpoint.json"} <= modes.keys()
    assert set(modes.values()) == {mode}


def test_an_endpoint_is_an_address(tmp_path: Path) -> None:
    save_endpoint({"base_url": "http://h/v1", "model": "m"}, tmp_path / "e")
    info = read_info(tmp_path / "e")
    assert (info.format, dict(info.endpoint)) == ("endpoint", {"base_url": "http://h/v1", "model": "m"})


def test_another_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"checkpoint\.json is missing"):
        read_info(tmp_path)
