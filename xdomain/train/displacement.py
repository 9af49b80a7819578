"""How far a stage moved the weights from its parent's, read from the two checkpoints one tensor at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from xdomain.core.files import read_json
from xdomain.models.checkpoint import read_info

LORA_A, LORA_B = ".lora_A.weight", ".lora_B.weight"


def displacement(checkpoint: Path, parent: Path) -> float:
    """Euclidean length of the change of all weights from `parent` to `checkpoint`.

    For an adapter the change of a weight matrix is s B A less what the parent's own adapter, if it was trained on,
    added already; the product is never formed: the squared Frobenius norm of B A is the sum of the elements of
    (B^T B) * (A A^T).

    Source: ours.
    """
    info = read_info(checkpoint)
    squares = _full(checkpoint, parent) if info.foundation is None else _adapter(checkpoint, parent, info.foundation)
    return math.sqrt(math.fsum(squares))


def _full(checkpoint: Path, parent: Path) -> Iterator[float]:
    before = dict(_places(parent))
    for name, path in _places(checkpoint):
        yield float((_tensor(path, name) - _tensor(before[name], name)).square().sum())


def _adapter(checkpoint: Path, parent: Path, foundation: Path) -> Iterator[float]:
    # A parent on the same foundation was trained on; else it was folded in, and the adapter is all of the change.
    trained_on = parent.resolve() != foundation.resolve()
    before = dict(_factors(parent)) if trained_on else {}
    for name, (left, right) in _factors(checkpoint):
        less, factor = before.get(name, (left[:, :0], right[:0]))
        columns, rows = torch.cat([left, -less], dim=1), torch.cat([right, factor])
        # Rounding may leave a difference of nothing below 0.
        yield max(float(((columns.T @ columns) * (rows @ rows.T)).sum()), 0.0)


def _factors(folder: Path) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    """(module, (s B, A)) of every adapted weight matrix, float64, shapes (out, r) and (r, in)."""
    settings = read_json(folder / "adapter_config.json")
    scale = settings["lora_alpha"] / settings["r"]
    places = dict(_places(folder))
    for name, path in places.items():
        if name.endswith(LORA_B):
            module = name.removesuffix(LORA_B)
            yield module, (scale * _tensor(path, name), _tensor(places[module + LORA_A], module + LORA_A))


def _places(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every tensor's name and file."""
    for path in sorted([*folder.glob("model*.safetensors"), *folder.glob("adapter_model.safetensors")]):
        with safe_open(path, "pt") as file:
            yield from [(name, path) for name in file.keys()]  # noqa: SIM118 safe_open is no mapping


def _tensor(path: Path, name: str) -> Tensor:
    with safe_open(path, "pt") as file:
        tensor: Tensor = file.get_tensor(name)
    return tensor.double()
