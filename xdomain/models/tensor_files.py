"""Read and write the weights of a checkpoint one tensor at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import torch
from safetensors import safe_open
from torch import Tensor

CODES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}
"""Names of dtypes in the safetensors format."""
SIZES = {code: dtype.itemsize for dtype, code in CODES.items()}
CHUNK = 2**16
"""Entries of a chunk, few enough for a processor's cache."""
Layout = Mapping[str, tuple[str, tuple[int, ...]]]
"""Dtype name and shape of each tensor, by its name."""


@dataclass(frozen=True)
class StoredTensor:
    """The place of a tensor: its file and shape."""

    path: Path
    shape: tuple[int, ...]


def rows_per_chunk(shape: Sequence[int]) -> int:
    """Return how many rows, slices of a tensor along its first dimension, make a chunk of about `CHUNK` entries."""
    return max(1, CHUNK // max(1, math.prod(shape[1:])))


class TensorFiles:
    """The weights of a full checkpoint. A weight that is tied to another is stored once.

    Attributes:
        folder: Folder of the checkpoint.
        tensors: Place of each tensor, by its name.
        files: Names of the tensors in each file, in the order of the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tensors: dict[str, StoredTensor] = {}
        self.files: dict[Path, list[str]] = {}
        for path in sorted(folder.glob("model*.safetensors")):
            with safe_open(path, "pt") as file:
                self.files[path] = list(file.offset_keys())
                for name in self.files[path]:
                    self.tensors[name] = StoredTensor(path, tuple(file.get_slice(name).get_shape()))

    def chunks(self, name: str) -> Iterator[Tensor]:
        """Read one tensor in groups of rows (see `rows_per_chunk`), and yield each group flattened.

        A tensor of one dimension is one group.
        """
        shape = self.tensors[name].shape
        with safe_open(self.tensors[name].path, "pt") as file:  # an open file would keep what was read in memory
            if len(shape) < 2:
                yield file.get_tensor(name).reshape(-1)
                return
            stored, rows = file.get_slice(name), rows_per_chunk(shape)
            for first in range(0, shape[0], rows):
                yield stored[first : first + rows].reshape(-1)


class TensorWriter:
    """A safetensors file that is written one tensor after another, in the order of its layout.

    Source: the format's description, https://github.com/huggingface/safetensors.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        at = 0
        for name, (code, shape) in layout.items():
            end = at + SIZES[code] * math.prod(shape)
            header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [at, end]}
            at = end
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        self._file = path.open("wb")
        self._file.write(len(text).to_bytes(8, "little") + text)

    def write(self, tensor: Tensor) -> None:
        """Append the next tensor."""
        self._file.write(tensor.contiguous().flatten().view(torch.uint8).numpy().data)

    def __enter__(self) -> TensorWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
