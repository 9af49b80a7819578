"""Write the checkpoint of a sharded model: every process takes part, the first one writes.

The weights of one layer at a time are gathered in the first process's main memory, and a file is written once they
reach its size. No process ever holds the whole model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.tensor import DTensor
from transformers.core_model_loading import revert_weight_conversion
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME

from xdomain.core.files import write_json
from xdomain.models.checkpoint import write_adapter, write_full

FILE_BYTES = 2 * 10**9
"""Size that a file of weights does not exceed, unless one layer does."""
LAYER = re.compile(r".*?\.\d+(?=\.)")
"""Beginning of a weight's name, up to the first number."""


def save_full_shards(
    model: Any, tokenizer: Any, folder: Path, *, chat_template: bool, writes: bool, file_bytes: int = FILE_BYTES
) -> None:
    """Write full weights of a sharded model in the layout of `save_full`: one file, or several and an index.

    Args:
        model: Model whose parameters are DTensors. All processes must call this with their shards.
        tokenizer: Its tokenizer.
        folder: Folder of the checkpoint.
        chat_template: Whether prompts go through the tokenizer's chat template.
        writes: Whether this process writes.
        file_bytes: Size that a file of weights does not exceed, unless one layer does.
    """
    if writes:
        # With no weights, transformers writes the configuration and a model's own code.
        model.save_pretrained(folder, safe_serialization=True, state_dict={})
        (folder / SAFE_WEIGHTS_NAME).unlink(missing_ok=True)
    files: list[dict[str, int]] = []
    held: dict[str, Tensor] = {}
    for layer in _layers(model, writes=writes):
        if held and _bytes(held) + _bytes(layer) > file_bytes:
            files.append(_write(held, folder, len(files)))
            held = {}
        held |= layer
    if not writes:
        return
    files.append(_write(held, folder, len(files)))
    _name(files, folder)
    write_full(model, tokenizer, folder, chat_template=chat_template)


def save_adapter_shards(model: Any, folder: Path, foundation: Path, merge_dtype: str | None, *, writes: bool) -> None:
    """Write the adapter of a sharded peft model in the layout of `save_adapter`.

    Args:
        model: Peft model whose parameters are DTensors. All processes must call this with their shards.
        folder: Folder of the checkpoint.
        foundation: Folder of the parent checkpoint.
        merge_dtype: Torch dtype name of the merged weights; None for that of the parent checkpoint.
        writes: Whether this process writes.
    """
    whole = {name: gathered(value) for name, value in model.named_parameters() if value.requires_grad}
    if writes:
        state = {name: value.cpu() for name, value in whole.items()}
        write_adapter(model, folder, foundation, merge_dtype, state_dict=state)


def gathered(tensor: Tensor) -> Tensor:
    """Return a tensor whole, from the rows of all processes if it is sharded."""
    whole = tensor.detach()
    return whole.full_tensor() if isinstance(whole, DTensor) else whole


def _layers(model: Any, *, writes: bool) -> Iterator[dict[str, Tensor]]:
    """Yield the weights of each layer by their names in a checkpoint; {} in a process that does not write."""
    state = model.state_dict()
    parameters = dict(model.named_parameters(remove_duplicate=False))
    tied = {
        name
        for name, source in getattr(model, "all_tied_weights_keys", {}).items()
        if name in parameters and parameters[name] is parameters.get(source)
    }
    left_out = tied | set(model._keys_to_ignore_on_save or ())
    names = [name for name in state if name not in left_out]
    for _, own in groupby(names, key=_layer):
        layer = {}
        for name in own:
            whole = gathered(state[name])
            if writes:
                layer[name] = whole.cpu().contiguous()
        yield revert_weight_conversion(model, layer) if writes else layer


def _layer(name: str) -> str:
    found = LAYER.match(name)
    return found.group() if found else ""


def _bytes(tensors: dict[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())


def _write(tensors: dict[str, Tensor], folder: Path, number: int) -> dict[str, int]:
    """Write a file of weights under a temporary name, and return the bytes of each."""
    save_file(tensors, folder / _part(number), metadata={"format": "pt"})
    return {name: tensor.nbytes for name, tensor in tensors.items()}


def _part(number: int) -> str:
    return f"part-{number}.safetensors"


def _name(files: list[dict[str, int]], folder: Path) -> None:
    """Give the files the names that transformers reads, now that their number is known, and write the index."""
    if len(files) == 1:
        (folder / _part(0)).rename(folder / SAFE_WEIGHTS_NAME)
        return
    index: dict[str, str] = {}
    for number, sizes in enumerate(files):
        name = SAFE_WEIGHTS_NAME.replace(".", f"-{number + 1:05d}-of-{len(files):05d}.")
        (folder / _part(number)).rename(folder / name)
        index |= dict.fromkeys(sizes, name)
    total = sum(sum(sizes.values()) for sizes in files)
    write_json(folder / SAFE_WEIGHTS_INDEX_NAME, {"metadata": {"total_size": total}, "weight_map": index})
