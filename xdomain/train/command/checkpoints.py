"""Take in the checkpoints that a command left. Its files are foreign: they are checked, and only weights are kept.

A published checkpoint holds the command's safetensors files. The configuration, the tokenizer and all other files are
copied from the parent checkpoint, so nothing else of the command's is read again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoTokenizer

from xdomain.core.artifact_layout import CHECKPOINTS, checkpoint_folder
from xdomain.core.errors import StageError
from xdomain.core.files import read_json, remove, share_weights, write_json

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
SHARD = re.compile(r"model[A-Za-z0-9_.-]*\.safetensors")
PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "vocab.txt")
LARGEST_FILE = 256 << 20
"""Bytes of a file of the command's that is no weights."""
MAY_DIFFER = frozenset({
    "_name_or_path", "architectures", "bos_token_id", "dtype", "eos_token_id", "pad_token_id", "torch_dtype",
    "transformers_version", "use_cache",
})  # fmt: skip
"""Keys of config.json that trainers change and that no number depends on, since the parent's file is published."""

Tensors = Mapping[str, tuple[tuple[int, ...], str]]
"""Shape and dtype of each tensor by name."""


@dataclass(frozen=True)
class Parent:
    """What every checkpoint of a stage must have in common with its parent.

    Attributes:
        folder: Folder of the parent checkpoint, which holds full weights.
        tokenizer: Its tokenizer.
        texts: Texts that every tokenizer must encode as the parent's does.
    """

    folder: Path
    tokenizer: Any
    texts: Sequence[str]


def take_checkpoints(output: Path, work: Path, steps: Sequence[int], parent: Parent) -> None:
    """Check the checkpoints of all steps, then put them into the stage's work folder.

    Args:
        output: Folder of the command's checkpoints, one `step-000040` per kept step.
        work: Work folder of the stage.
        steps: Steps whose checkpoints are kept.
        parent: Checkpoint that the stage started from.

    Raises:
        StageError: A checkpoint is missing, or is not one of the parent's model; the message names the file.
    """
    if output.is_symlink():
        raise _refused("is a symbolic link.", output)
    folders = {step: output / checkpoint_folder(work, step).name for step in steps}
    missing = [folder.name for folder in folders.values() if not os.path.lexists(folder)]
    if missing:
        some = "no checkpoint at all" if len(missing) == len(folders) else "not every checkpoint"
        raise StageError(
            f"the command ended with exit code 0 and left {some}: {', '.join(missing)} is missing.",
            where="training.engine",
            fix="Let the command write a folder for every step of `checkpoint_steps` into `output`.",
        )
    expected = tensors_of(weight_files(parent.folder))
    for folder in folders.values():
        _check(folder, parent, expected)
    for step, folder in folders.items():
        _adopt(folder, checkpoint_folder(work, step), parent.folder)


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a checkpoint: those of its index, or the single file.

    Raises:
        StageError: a file is missing, or the index names one outside of the folder.
    """
    index = folder / INDEX
    names = [SINGLE]
    if index.exists():
        found = _read(index).get("weight_map")
        if not isinstance(found, dict) or not found:
            raise _refused("has no weight_map.", index)
        names = sorted({str(name) for name in found.values()})
    for name in names:
        if not SHARD.fullmatch(name):
            raise _refused(f'names "{name[:100]}", which is no file of weights in the same folder.', index)
        if not (folder / name).is_file():
            raise _refused("is missing.", folder / name)
    return [folder / name for name in names]


def tensors_of(files: Sequence[Path]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return shape and dtype of each tensor in safetensors files.

    Raises:
        StageError: a file is truncated or no safetensors file, or a tensor occurs in two of them.
    """
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for path in files:
        with _opened(path) as file:
            for name in file.keys():  # noqa: SIM118 -- safe_open is no mapping
                if name in found:
                    raise _refused(f'holds "{name}", as another file of the checkpoint does.', path)
                part = file.get_slice(name)
                found[name] = (tuple(part.get_shape()), str(part.get_dtype()))
    return found


def _check(folder: Path, parent: Parent, expected: Tensors) -> None:
    """Refuse a folder that is no checkpoint of the parent's model."""
    for path in _entries(folder):
        if path.is_symlink():
            raise _refused("is a symbolic link.", path, "Let the command copy the file.")
        if path.suffix in PICKLES:
            raise _refused("is a pickle, which is never read.", path, "Save the weights as safetensors, without it.")
        if not path.is_dir() and not path.is_file():
            raise _refused("is not a regular file.", path)
    if not folder.is_dir():
        raise _refused("is not a folder.", folder)
    _check_config(folder, parent.folder)
    files = weight_files(folder)
    _check_tensors(tensors_of(files), expected, folder)
    for path in files:
        _check_finite(path)
    if any((folder / name).exists() for name in TOKENIZER_FILES):
        _check_tokenizer(folder, parent)


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the folder and everything below it; links are not followed."""
    yield folder
    for root, folders, names in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *names))


def _check_config(folder: Path, parent: Path) -> None:
    path = folder / "config.json"
    if not path.is_file():
        raise _refused("is missing.", path)
    own, its = _read(path), _read(parent / "config.json")
    if own.get("model_type") != its.get("model_type") or own.get("architectures") != its.get("architectures"):
        raise _refused(
            f"describes {_model(own)}, and the parent is {_model(its)}.", path, "Save the model that was trained."
        )
    for key in sorted(own.keys() & its.keys() - MAY_DIFFER):
        if own[key] != its[key]:
            raise _refused(f"has {key} {str(own[key])[:100]}, and the parent has {str(its[key])[:100]}.", path)


def _model(config: Mapping[str, Any]) -> str:
    return f"{config.get('model_type')} {config.get('architectures')}"[:200]


def _check_tensors(found: Tensors, expected: Tensors, folder: Path) -> None:
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or more:
        what = f"lacks the weight {missing[0]}" if missing else f"has the weight {more[0]}, which the parent lacks"
        raise _refused(f"{what}.", folder, "Save the parent's model with `save_pretrained`.")
    for name, (shape, dtype) in found.items():
        if shape != expected[name][0]:
            raise _refused(f"{name} has the shape {shape}, and the parent's has {expected[name][0]}.", folder)
        if dtype != expected[name][1]:
            raise _refused(
                f"{name} is {dtype}, and the parent's is {expected[name][1]}.",
                folder,
                "Save the weights in the parent's dtype, or set model.dtype.",
            )


def _check_finite(path: Path) -> None:
    with _opened(path) as file:
        for name in file.keys():  # noqa: SIM118 -- safe_open is no mapping
            if not bool(torch.isfinite(file.get_tensor(name)).all()):
                raise _refused(f"the weight {name} is not finite.", path, "Lower the learning rate.")


def _check_tokenizer(folder: Path, parent: Parent) -> None:
    """Refuse a tokenizer that reads or writes other tokens than the parent's."""
    for name in TOKENIZER_FILES:
        if (folder / name).exists() and (folder / name).stat().st_size > LARGEST_FILE:
            raise _refused("is too large for a tokenizer's file.", folder / name)
    fix = "Leave the tokenizer's files out; the parent's are kept."
    try:
        own = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        same = own.get_vocab() == parent.tokenizer.get_vocab() and all(
            own(text)["input_ids"] == parent.tokenizer(text)["input_ids"] for text in parent.texts
        )
    except Exception as error:  # whatever a foreign file provokes
        raise _refused(f"its tokenizer cannot be read: {type(error).__name__}: {error}", folder, fix) from error
    if not same:
        raise _refused("its tokenizer differs from the parent's.", folder, fix)
    if own.chat_template and own.chat_template != parent.tokenizer.chat_template:
        raise _refused("its chat template differs from the parent's.", folder, fix)


def _adopt(source: Path, target: Path, parent: Path) -> None:
    """Put a checked checkpoint into the work folder: its weights, and the parent's other files."""
    partial = target.with_name(f".{target.name}")
    remove(partial)
    partial.mkdir(parents=True)
    for path in parent.iterdir():
        if path.is_file() and path.suffix != ".safetensors" and path.name != INDEX:
            shutil.copyfile(path, partial / path.name)
    for path in weight_files(source):
        _link(path, partial / path.name)
    if (source / INDEX).exists():
        index = _read(source / INDEX)
        write_json(partial / INDEX, {"metadata": {}, "weight_map": index["weight_map"]})
    share_weights(partial)
    remove(target)
    partial.rename(target)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, so that large weights are written once; copy it if the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path, LARGEST_FILE)
    except (OSError, ValueError) as error:
        raise _refused(f"is no JSON file: {error}.", path) from error
    if not isinstance(found, dict):
        raise _refused("should hold a JSON object.", path)
    return found


def _opened(path: Path) -> Any:
    try:
        return safe_open(path, "pt")
    except (OSError, SafetensorError) as error:
        raise _refused(
            f"is truncated or no safetensors file: {error}.",
            path,
            "Write each folder under another name and rename it.",
        ) from error


def _refused(what: str, path: Path, fix: str | None = None) -> StageError:
    """Return the error for a file of the command's, named from the checkpoint's folder on."""
    parts = path.parts
    start = next((place for place, part in enumerate(parts) if part == CHECKPOINTS), len(parts) - 2)
    return StageError(what, where="/".join(parts[start + 1 :]) or path.name, fix=fix)
