"""Measure how far a stage moved the weights, by reading its checkpoint and its parent's one tensor at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from xdomain.models.adapters import adapter_products
from xdomain.models.checkpoint import read_info


def displacement(checkpoint: Path, parent: Path) -> float:
    """Return the Euclidean length of the change of all weights from `parent` to `checkpoint`.

    A weight that is tied to another counts once. An adapter's change of a weight is the product that it adds. If
    training continued the parent's adapter, the parent's product is subtracted. Rounding by a merge is not counted.

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
    # With the same foundation, training continued the parent's adapter. Otherwise the parent's adapter was merged, and
    # the new adapter is the whole change.
    trained_on = parent.resolve() != foundation.resolve()
    before = dict(adapter_products(parent)) if trained_on else {}
    for name, change in adapter_products(checkpoint):
        already = before[name].double() if name in before else 0.0
        yield float((change.double() - already).square().sum())


def _places(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each tensor's name and file."""
    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, "pt") as file:
            yield from [(name, path) for name in file.keys()]  # noqa: SIM118 safe_open is no mapping


def _tensor(path: Path, name: str) -> Tensor:
    with safe_open(path, "pt") as file:
        tensor: Tensor = file.get_tensor(name)
    return tensor.double()
