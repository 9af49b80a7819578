"""Merge checkpoints: add a combination of their task vectors to the base model, one tensor at a time.

A task vector is the difference of a trained checkpoint from the base model. For an adapter it is the product that the
adapter adds, so ranks may differ and nothing is rounded. A merge has full weights, in files like those of the base
model.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xdomain.core.artifact_layout import MANIFEST
from xdomain.core.errors import StageError
from xdomain.core.files import read_json, share_weights, write_json
from xdomain.models.adapters import adapted_layers, load_adapter_alone
from xdomain.models.checkpoint import load_tokenizer, read_info
from xdomain.models.merge_recipe import MergeRecipe, Pruning
from xdomain.models.tensor_files import CODES, TensorFiles, TensorWriter, rows_per_chunk


@dataclass
class MergeSizes:
    """Squared lengths over all weights of a merge.

    Attributes:
        change: Of the merged task vector.
        lost: Of the part of it that rounding to the checkpoint's dtype removed.
        vectors: Of each task vector.
    """

    change: float = 0.0
    lost: float = 0.0
    vectors: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return lengths, and the share of the merged task vector that rounding removed (None if nothing changed)."""
        return {
            "displacement": math.sqrt(self.change),
            "lost_share": math.sqrt(self.lost / self.change) if self.change > 0 else None,
            "task_vectors": [math.sqrt(each) for each in self.vectors],
        }


class TaskVector:
    """The difference of a checkpoint from the base model, read one tensor at a time.

    Args:
        folder: Folder of the checkpoint: full weights, or an adapter on any number of other adapters.
        base: Weights of the base model.
        title: Name of the checkpoint in errors.

    Raises:
        StageError: The checkpoint has other weights than the base model.
    """

    def __init__(self, folder: Path, base: TensorFiles, title: str) -> None:
        self._adapters = []
        while (below := read_info(folder).foundation) is not None:
            self._adapters.append(dict(adapted_layers(load_adapter_alone(folder))))
            folder = below
        self._own = None if folder.resolve() == base.folder.resolve() else TensorFiles(folder)
        if self._own is not None:
            _check_shapes(self._own, base, title)
        for name in [name for layers in self._adapters for name in layers if name not in base.tensors]:
            raise _refused(title, f"its adapter changes {name}, which the base model does not store as one tensor")

    def chunks(self, name: str, base: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yield the difference of one tensor in chunks, float32.

        Args:
            name: Name of the tensor.
            base: Chunks of the base model's tensor.
        """
        products = [layers[name].get_delta_weight("default") for layers in self._adapters if name in layers]
        added = [product.split(rows_per_chunk(product.shape)) for product in products]
        if self._own is None:
            changes = (torch.zeros_like(below, dtype=torch.float32) for below in base)
        else:
            pairs = zip(self._own.chunks(name), base, strict=True)
            changes = (own.float() - below.float() for own, below in pairs)
        for change, *parts in zip(changes, *added, strict=True):
            for part in parts:
                change.add_(part.reshape(-1))
            yield change


def merge_checkpoints(
    base: Path,
    inputs: Mapping[str, Path],
    recipe: MergeRecipe,
    target: Path,
    proceed: Callable[[int, int], bool] = lambda done, total: True,
) -> MergeSizes | None:
    """Write the merge of several checkpoints to a new folder, with the tokenizer of the base model.

    The arithmetic is float32. Tensors are read and written in chunks. `ties` also keeps the magnitudes of one tensor in
    memory, and adapters their products for one tensor.

    Args:
        base: Folder of the base model.
        inputs: Folder of each merged checkpoint, by its title.
        recipe: The way in which their task vectors are combined.
        target: Folder of the new checkpoint.
        proceed: Function of the number of finished tensors and of all tensors that returns whether to go on.

    Returns:
        Lengths of the task vectors; None if `proceed` returned False.

    Raises:
        StageError: An input has another architecture or tokenizer, or a merged weight is not finite.
    """
    _check_tokenizers(base, inputs)
    weights = TensorFiles(base)
    vectors = [TaskVector(folder, weights, title) for title, folder in inputs.items()]
    dtype = _dtype(inputs.values())
    sizes = MergeSizes(vectors=[0.0] * len(vectors))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    prunings = recipe.prunings(max(math.prod(each.shape) for each in weights.tensors.values()))
    done = 0
    with torch.no_grad():
        for path, names in weights.files.items():
            layout = {name: (CODES[dtype], weights.tensors[name].shape) for name in names}
            with TensorWriter(target / path.name, layout) as writer:
                for name in names:
                    if not proceed(done, len(weights.tensors)):
                        return None
                    for chunk in _merged(name, weights, vectors, prunings, recipe, sizes):
                        writer.write(_rounded(name, chunk, dtype, sizes))
                    done += 1
    _write_rest(base, target, dtype)
    proceed(done, done)
    return sizes


def _merged(
    name: str,
    base: TensorFiles,
    vectors: Sequence[TaskVector],
    prunings: Sequence[Pruning],
    recipe: MergeRecipe,
    sizes: MergeSizes,
) -> Iterator[Tensor]:
    """Yield one merged tensor in chunks, float32, and add its lengths to `sizes`."""
    for vector, pruning in zip(vectors, prunings, strict=True):
        pruning.begin(math.prod(base.tensors[name].shape), vector.chunks(name, base.chunks(name)))
    first, *others = tee(base.chunks(name), len(vectors) + 1)
    chunks = [vector.chunks(name, other) for vector, other in zip(vectors, others, strict=True)]
    for below, *changes in zip(first, *chunks, strict=True):
        sizes.vectors = [size + _square(change) for size, change in zip(sizes.vectors, changes, strict=True)]
        kept = [pruning.prune(change) for pruning, change in zip(prunings, changes, strict=True)]
        change = recipe.combined(kept)
        sizes.change += _square(change)
        yield change.add_(below)


def _rounded(name: str, exact: Tensor, dtype: torch.dtype, sizes: MergeSizes) -> Tensor:
    """Return a chunk in the dtype of the merge, and add what rounding lost to `sizes`."""
    result = exact.to(dtype)
    if not all(math.isfinite(each) for each in torch.aminmax(result)):
        raise StageError(f"the merged weight {name} is not finite.", fix="Lower the weights of the merge.")
    if dtype is not torch.float32:
        sizes.lost += _square(exact.sub_(result))
    return result


def _square(chunk: Tensor) -> float:
    return float(torch.dot(chunk, chunk))


def _dtype(inputs: Iterable[Path]) -> torch.dtype:
    """Return the dtype of the merge: that in which the inputs are used, or the widest of them."""
    dtypes: list[torch.dtype] = [getattr(torch, read_info(folder).dtype) for folder in inputs]
    found = dtypes[0]
    for dtype in dtypes:
        found = torch.promote_types(found, dtype)
    return found


def _check_shapes(own: TensorFiles, base: TensorFiles, title: str) -> None:
    for name in sorted(own.tensors.keys() | base.tensors.keys()):
        shapes = [files.tensors[name].shape if name in files.tensors else "missing" for files in (own, base)]
        if shapes[0] != shapes[1]:
            raise _refused(title, f"its weight {name} is {shapes[0]}, and the base model's is {shapes[1]}")


def _check_tokenizers(base: Path, inputs: Mapping[str, Path]) -> None:
    vocabulary = load_tokenizer(base).get_vocab()
    for title, folder in inputs.items():
        if load_tokenizer(folder).get_vocab() != vocabulary:
            raise _refused(title, "its tokenizer differs from the base model's")


def _write_rest(base: Path, target: Path, dtype: torch.dtype) -> None:
    """Complete the checkpoint of merged weights: configuration, tokenizer and custom code of the base, and manifest."""
    name = str(dtype).removeprefix("torch.")
    shutil.copytree(base, target, ignore=shutil.ignore_patterns("*.safetensors", MANIFEST), dirs_exist_ok=True)
    config = read_json(target / "config.json")
    write_json(
        target / "config.json", config | {key: name for key in ("dtype", "torch_dtype") if key in config}, indent=2
    )
    share_weights(target)
    write_json(target / MANIFEST, read_json(base / MANIFEST) | {"dtype": name})


def _refused(title: str, what: str) -> StageError:
    return StageError(
        f'"{title}" cannot be merged: {what}.',
        where="curricula",
        fix="Merge checkpoints that were trained from the experiment's `model`.",
    )
