"""Weights that are read and written one tensor at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from xdomain.models.tensor_files import CHUNK, CODES, TensorFiles, TensorWriter, rows_per_chunk


@pytest.mark.parametrize("dtype", CODES)
def test_a_written_file_is_that_of_the_library(dtype: torch.dtype, tmp_path: Path) -> None:
    tensors = {"b": torch.randn(3, 4).to(dtype), "a": torch.randn(5).to(dtype), "empty": torch.zeros(0, 2).to(dtype)}
    layout = {name: (CODES[dtype], tuple(tensor.shape)) for name, tensor in tensors.items()}
    with TensorWriter(tmp_path / "model.safetensors", layout) as writer:
        for tensor in tensors.values():
            writer.write(tensor)
    found = load_file(tmp_path / "model.safetensors")
    assert found.keys() == tensors.keys()
    assert all(found[name].dtype == dtype and torch.equal(found[name], tensors[name]) for name in tensors)


def test_the_tensors_of_all_files_are_listed_and_read(tmp_path: Path) -> None:
    first, second = {"x": torch.randn(2, 3), "y": torch.randn(4)}, {"z": torch.randn(1).bfloat16()}
    save_file(first, tmp_path / "model-00001-of-00002.safetensors")
    save_file(second, tmp_path / "model-00002-of-00002.safetensors")
    save_file({"other": torch.zeros(1)}, tmp_path / "adapter_model.safetensors")
    found = TensorFiles(tmp_path)
    assert [sorted(names) for names in found.files.values()] == [["x", "y"], ["z"]]
    assert {name: each.shape for name, each in found.tensors.items()} == {"x": (2, 3), "y": (4,), "z": (1,)}
    for name, tensor in (first | second).items():
        (chunk,) = found.chunks(name)
        assert torch.equal(chunk, tensor.flatten())
        assert chunk.dtype == tensor.dtype


@pytest.mark.parametrize("shape", [(1000, 300), (3, CHUNK + 1), (2, 40, 2000), (CHUNK * 2,), (), (0, 5)])
def test_a_tensor_is_read_in_chunks_of_whole_rows(shape: tuple[int, ...], tmp_path: Path) -> None:
    tensor = torch.randn(shape)
    save_file({"x": tensor}, tmp_path / "model.safetensors")
    chunks = list(TensorFiles(tmp_path).chunks("x"))
    assert torch.equal(torch.cat([torch.zeros(0), *chunks]), tensor.flatten())
    if len(shape) > 1:
        rows = tensor.split(rows_per_chunk(shape)) if tensor.numel() else []
        assert [len(chunk) for chunk in chunks] == [each.numel() for each in rows]
        assert all(len(chunk) <= max(CHUNK, tensor[0].numel()) for chunk in chunks)
