"""Read a stage's change of each weight: from two checkpoints, or from the factors of a LoRA adapter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from xdomain.core.errors import ConfigError
from xdomain.core.files import read_json
from xdomain.core.locate import ADAPTER_CONFIG
from xdomain.models.adapters import PREFIX
from xdomain.models.checkpoint import load_plain, read_info
from xdomain.models.source import ADAPTER_WEIGHTS

CONFIG = "config.json"
LINEAR = ".lora_A.weight", ".lora_B.weight"
EMBEDDING = ".lora_embedding_A", ".lora_embedding_B"
UNUSUAL = ("alpha_pattern", "use_dora", "target_parameters", "modules_to_save", "trainable_token_indices")
"""Settings of an adapter whose change is more than one product of two factors per weight."""


@dataclass(frozen=True)
class Difference:
    """A change as the difference of two stored weights.

    Attributes:
        end: Weight after the stage.
        parent: Weight before it.
    """

    end: Tensor
    parent: Tensor

    def part(self, start: int, stop: int) -> Tensor:
        """Return the rows from `start` to `stop` of the change, [rows, columns], float32."""
        return as_rows(self.end)[start:stop].float() - as_rows(self.parent)[start:stop].float()

    def squared_singular_values(self) -> Tensor:
        """Return the squared singular values of a matrix, [the smaller side], float64, up to rounding in float32."""
        change = self.part(0, len(self.end))
        gram = change @ change.T if change.shape[0] < change.shape[1] else change.T @ change
        squares: Tensor = torch.linalg.eigvalsh(gram.double()).clamp(min=0)
        return squares


@dataclass(frozen=True)
class Factors:
    """A change as a product, which is formed only if it is compared with a `Difference`.

    Attributes:
        left: Left factor, [rows, rank], float64.
        right: Right factor, [rank, columns], float64.
        parent: Weight of the full checkpoint that the adapter is based on.
    """

    left: Tensor
    right: Tensor
    parent: Tensor

    def part(self, start: int, stop: int) -> Tensor:
        """Return the rows from `start` to `stop` of the change, [rows, columns], float32."""
        return (self.left[start:stop] @ self.right).float()

    def row_lengths(self) -> Tensor:
        """Return the Euclidean length of each row, [rows], float64: the square root of diag(L R R' L')."""
        return ((self.left @ (self.right @ self.right.T)) * self.left).sum(dim=1).clamp(min=0).sqrt()

    def squared_singular_values(self) -> Tensor:
        """Return the squared singular values, [rank], float64: those of the core that is left of both factors."""
        core = torch.linalg.qr(self.left).R @ torch.linalg.qr(self.right.T).R.T
        squares: Tensor = torch.linalg.svdvals(core).square()
        return squares

    def inner(self, other: Factors) -> float:
        """Return the inner product with another change: the sum of the entries of (L1' L2) * (R1 R2')."""
        return float(((self.left.T @ other.left) * (self.right @ other.right.T)).sum())


Change = Difference | Factors


def as_rows(weight: Tensor) -> Tensor:
    """Return a weight as [rows, columns]. A vector has one column, and a stack of matrices the rows of all."""
    return weight.reshape(-1, 1) if weight.dim() < 2 else weight.reshape(-1, weight.shape[-1])


class StageChange(ExitStack):
    """A stage's change of the weights. It is a context manager, which holds the files open.

    Full weights are mapped, not read. A chain of adapters that has no formula is loaded as two whole models.

    Args:
        end: Folder of the checkpoint after the stage.
        parent: Folder of the checkpoint that the stage started from.

    Attributes:
        format: "full" or "adapter".
        dtype: Torch dtype name of the stored weights.
        shapes: Shape of each floating-point weight of the model, by name.

    Raises:
        ConfigError: The weights are quantised, or are not those of the same model.
    """

    def __init__(self, end: Path, parent: Path) -> None:
        super().__init__()
        info = read_info(end)
        self.format, self.dtype = info.format, info.dtype
        factors = None if info.foundation is None else _factors_between(end, parent, info.foundation)
        if factors is not None:
            below = self._mapped(_lowest(end))
            self._changes: Mapping[str, Change] = {
                name: Factors(*pair, below[name]) for name, pair in factors.items() if name in below
            }
            if len(self._changes) == len(factors):
                self.shapes = {name: tuple(weight.shape) for name, weight in below.items()}
                return
        plain = info.foundation is None and read_info(parent).foundation is None
        after, before = (self._mapped(each) if plain else _loaded(each) for each in (end, parent))
        self.shapes = {name: tuple(weight.shape) for name, weight in after.items()}
        require_same_shapes(self.shapes, {name: tuple(weight.shape) for name, weight in before.items()}, end, parent)
        self._changes = {name: Difference(weight, before[name]) for name, weight in after.items()}

    def get(self, name: str) -> Change | None:
        """Return the change of a weight; None if the stage could not change it."""
        return self._changes.get(name)

    def _mapped(self, folder: Path) -> dict[str, Tensor]:
        """Return the weights of a full checkpoint. Their memory is the file's."""
        _refuse_quantised(read_json(folder / CONFIG), folder)
        found: dict[str, Tensor] = {}
        for path in sorted(folder.glob("model*.safetensors")):
            file = self.enter_context(safe_open(path, "pt"))
            found |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 safe_open is no mapping
        for name, weight in found.items():
            if weight.element_size() < torch.float16.itemsize and weight.dtype != torch.bool:
                raise quantised(folder, f"{name} is stored as {str(weight.dtype).removeprefix('torch.')}")
        return {name: weight for name, weight in found.items() if weight.is_floating_point()}


def require_same_shapes(
    own: Mapping[str, tuple[int, ...]], other: Mapping[str, tuple[int, ...]], folder: Path | str, beside: Path | str
) -> None:
    """Refuse two checkpoints whose weights have other names or shapes.

    Raises:
        ConfigError: The first difference.
    """
    for name in sorted(own.keys() | other.keys()):
        if own.get(name) != other.get(name):
            here, there = (str(list(each[name])) if name in each else "missing" for each in (own, other))
            raise ConfigError(
                f'has another architecture than "{beside}": its weight {name} is {here}, and the other is {there}.',
                where=str(folder),
                fix="Name stages that were trained from the same base model.",
            )


def quantised(folder: Path, reason: str) -> ConfigError:
    """Return the error for a checkpoint with quantised weights."""
    return ConfigError(
        f"has quantised weights ({reason}), whose differences say nothing about the change.",
        where=str(folder),
        fix="Diagnose the float16, bfloat16 or float32 checkpoint.",
    )


def _refuse_quantised(config: Mapping[str, Any], folder: Path) -> None:
    if config.get("quantization_config"):
        raise quantised(folder, "quantization_config in config.json")


def _loaded(folder: Path) -> dict[str, Tensor]:
    return {name: weight.detach() for name, weight in load_plain(folder).named_parameters()}


def _lowest(folder: Path) -> Path:
    """Return the full checkpoint at the end of a chain of adapters."""
    below = read_info(folder).foundation
    return folder if below is None else _lowest(below)


def _factors_between(end: Path, parent: Path, foundation: Path) -> dict[str, tuple[Tensor, Tensor]] | None:
    """Return the factors of the change from `parent` to `end` by weight; None if there is no formula for it.

    If training continued the parent's adapter, the parent's product is subtracted by stacking the factors. This works
    for adapters of different ranks.
    """
    own = adapter_factors(end)
    if own is None or parent.resolve() == foundation.resolve():
        return own
    info = read_info(parent)
    if info.foundation is None or info.foundation.resolve() != foundation.resolve():
        return None
    before = adapter_factors(parent)
    if before is None:
        return None
    stacked = dict(own)
    for name, (left, right) in before.items():
        if name not in own:
            stacked[name] = -left, right
        elif torch.equal(own[name][0], left) and torch.equal(own[name][1], right):
            stacked[name] = torch.zeros_like(left), right  # exactly 0, without the rounding of a difference
        else:
            stacked[name] = torch.cat([own[name][0], -left], dim=1), torch.cat([own[name][1], right])
    return stacked


def adapter_factors(folder: Path) -> dict[str, tuple[Tensor, Tensor]] | None:
    """Return both factors of a LoRA adapter's product by the plain model's name of the weight, float64.

    The left factor [rows, rank] contains the scale. The result is None if the adapter is more than such products.
    """
    config = read_json(folder / ADAPTER_CONFIG)
    if any(config.get(name) for name in UNUSUAL):
        return None
    with safe_open(folder / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {name.removeprefix(PREFIX): file.get_tensor(name).double() for name in file.keys()}  # noqa: SIM118
    found = dict(_products(tensors, config))
    return found if 2 * len(found) == len(tensors) else None


def _products(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    for first, second in (LINEAR, EMBEDDING):
        for name in (name for name in tensors if name.endswith(first)):
            below = name.removesuffix(first)
            down, up = tensors[name], tensors[below + second]
            rank = down.shape[0]
            scale = config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank)
            # An embedding's weight, and that of GPT-2's layers, is the transpose of the product.
            turned = first == EMBEDDING[0] or config.get("fan_in_fan_out")
            yield f"{below}.weight", (scale * down.T, up.T) if turned else (scale * up, down)
