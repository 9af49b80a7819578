"""The checkpoint of a sharded model, here by one process that holds all rows; several are in
tests/integration/test_process_group.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from xdomain.config.model import LoraConfig
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, read_info, save_adapter, save_full
from xdomain.models.sharded_checkpoint import gathered, save_adapter_shards, save_full_shards
from xdomain.models.tiny import tiny_qwen3


@pytest.fixture
def group() -> Iterator[None]:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def sharded(model: Any) -> Any:
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    for layer in plain.model.layers:
        fully_shard(layer)
    return fully_shard(model)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    save_full(*tiny_qwen3(seed=2), tmp_path / "plain", chat_template=True)
    return tmp_path / "plain"


@pytest.mark.usefixtures("group")
def test_a_small_model_is_one_file_that_equals_the_usual_one(plain: Path, tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3(seed=2)
    assert isinstance(next(sharded(model).parameters()), DTensor)
    save_full_shards(model, tokenizer, tmp_path / "sharded", chat_template=True, writes=True)
    names = sorted(path.name for path in plain.iterdir())
    assert sorted(path.name for path in (tmp_path / "sharded").iterdir()) == names
    for name in names:
        assert (tmp_path / "sharded" / name).read_bytes() == (plain / name).read_bytes(), name


@pytest.mark.usefixtures("group")
def test_a_large_model_is_several_files_with_an_index(plain: Path, tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3(seed=2)
    save_full_shards(sharded(model), tokenizer, tmp_path, chat_template=True, writes=True, file_bytes=900_000)
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert files == [f"model-{number:05d}-of-00003.safetensors" for number in (1, 2, 3)]
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(files)
    assert index["metadata"]["total_size"] == 4 * sum(each.numel() for each in tiny_qwen3()[0].parameters())
    again, expected = load_plain(tmp_path).state_dict(), load_plain(plain).state_dict()
    assert all(torch.equal(again[name], value) for name, value in expected.items())
    assert read_info(tmp_path) == read_info(plain)


@pytest.mark.usefixtures("group")
def test_an_adapter_equals_the_usual_one(plain: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = new_adapter(load_plain(plain), LoraConfig(r=2), random=True)
    save_adapter(model, tmp_path / "usual", plain)
    save_adapter_shards(sharded(model), tmp_path / "sharded", plain, None, writes=True)
    for path in (tmp_path / "usual").iterdir():
        assert (tmp_path / "sharded" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.usefixtures("group")
def test_a_process_that_does_not_write_leaves_no_file(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    save_full_shards(sharded(model), tokenizer, tmp_path, chat_template=True, writes=False)
    assert list(tmp_path.iterdir()) == []


def test_a_whole_tensor_stays() -> None:
    tensor = torch.ones(2)
    assert torch.equal(gathered(tensor), tensor)
