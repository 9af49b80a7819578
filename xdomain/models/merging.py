"""Merge checkpoints: add a combination of their task vectors to the base model, one tensor at a time.

A task vector is the difference of a trained checkpoint from the base model. For an adapter it is the product that the
adapter adds, so ranks may differ and nothing is rounded. A merge has full weights, in files like those of the base
model.
"""

from __future__ import annotations

import math
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft.utils.merge_utils import prune, task_arithmetic, ties
from torch import Tensor

from xdomain.config.phases import MergeMethod
from xdomain.core.artifact_layout import MANIFEST
from xdomain.core.errors import StageError
from xdomain.core.files import read_json, share_weights, write_json
from xdomain.models.adapters import adapted_layers, load_adapter_alone
from xdomain.models.checkpoint import load_tokenizer, read_info
from xdomain.models.tensor_files import CODES, TensorFiles, TensorWriter

CHUNK = 2**18
"""Number of entries that are combined at a time, so that few copies of a tensor are in memory."""


@dataclass(frozen=True)
class MergeRecipe:
    """The way in which task vectors are combined.

    Attributes:
        weights: Weight of each task vector.
        method: Method of the combination.
        density: Share of each tensor's entries that a sparse method keeps; None for `linear`.
        seed: Seed of the methods that drop entries at random.
    """

    weights: tuple[float, ...]
    method: MergeMethod = MergeMethod.LINEAR
    density: float | None = None
    seed: int = 0

    def pruned(self, vector: Tensor) -> Tensor:
        """Return one tensor of a task vector with the entries set to 0 that the method drops.

        `ties` keeps the largest entries. The `dare` methods keep random ones and divide them by the density.
        """
        if self.density is None or self.density >= 1:
            return vector
        if self.method is MergeMethod.TIES:
            largest: Tensor = prune(vector, self.density, method="magnitude")
            return largest
        kept = torch.empty_like(vector)
        for part, target in zip(_chunks(vector), _chunks(kept), strict=True):
            target.copy_(prune(part, self.density, method="random", rescale=True))
        return kept

    def combined(self, vectors: Sequence[Tensor]) -> Tensor:
        """Return the combination of pruned task vectors in their dtype, float32."""
        elects_signs = self.method in (MergeMethod.TIES, MergeMethod.DARE_TIES)
        weights = torch.tensor(self.weights)
        found = torch.empty_like(vectors[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a density of 1 prunes nothing
            for target, *parts in zip(*map(_chunks, (found, *vectors)), strict=True):
                target.copy_(ties(parts, weights, 1.0) if elects_signs else task_arithmetic(parts, weights))
        return found


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

    def get(self, name: str, base: Tensor) -> Tensor:
        """Return the difference of one tensor, float32.

        Args:
            name: Name of the tensor.
            base: The base model's tensor, float32.
        """
        change = torch.zeros_like(base) if self._own is None else self._own.get(name).float() - base
        for layers in self._adapters:
            if name in layers:
                change += layers[name].get_delta_weight("default")
        return change


def merge_checkpoints(
    base: Path,
    inputs: Mapping[str, Path],
    recipe: MergeRecipe,
    target: Path,
    proceed: Callable[[int, int], bool] = lambda done, total: True,
) -> MergeSizes | None:
    """Write the merge of several checkpoints to a new folder, with the tokenizer of the base model.

    The arithmetic is float32. At most three tensors per input are in memory, and the adapters.

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
    done = 0
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(recipe.seed)
        for path, names in weights.files.items():
            layout = {name: (CODES[dtype], weights.tensors[name].shape) for name in names}
            with TensorWriter(target / path.name, layout) as writer:
                for name in names:
                    if not proceed(done, len(weights.tensors)):
                        return None
                    writer.write(_merged(name, weights.get(name).float(), vectors, recipe, sizes, dtype))
                    done += 1
    _write_rest(base, target, dtype)
    proceed(done, done)
    return sizes


def _merged(
    name: str, base: Tensor, vectors: Sequence[TaskVector], recipe: MergeRecipe, sizes: MergeSizes, dtype: torch.dtype
) -> Tensor:
    """Return one merged tensor, and add its lengths to `sizes`."""
    pruned = []
    for index, vector in enumerate(vectors):
        change = vector.get(name, base)
        sizes.vectors[index] += _square(change)
        pruned.append(recipe.pruned(change))
        del change
    change = recipe.combined(pruned)
    del pruned
    exact = base + change
    result = exact.to(dtype)
    if not bool(torch.isfinite(result).all()):
        raise StageError(f"the merged weight {name} is not finite.", fix="Lower the weights of the merge.")
    sizes.change += _square(change)
    if dtype is not torch.float32:
        sizes.lost += _square(exact - result)
    return result


def _square(tensor: Tensor) -> float:
    return math.fsum(float(part.double().square().sum()) for part in _chunks(tensor))


def _chunks(tensor: Tensor) -> tuple[Tensor, ...]:
    """Return views of a contiguous tensor's entries, at most `CHUNK` each."""
    return torch.split(tensor.view(-1), CHUNK)


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
