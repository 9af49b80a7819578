"""Checkpoints on disk.

A checkpoint folder holds `checkpoint.json` and either full weights ("full"), or a LoRA adapter ("adapter") that names
its base checkpoint by a path relative to itself, or nothing else ("endpoint": a server has the
model). A chain of `merge` stages is a chain of
adapters, each folded into the weights below it when the next is put on top: no weights are stored twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from xdomain.core.artifact_layout import MANIFEST
from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, share_weights, write_json
from xdomain.models.source import with_pad_token

CUSTOM_CODE = "transformers_modules."
"""Package into which transformers imports the code of models that bring their own."""


@dataclass(frozen=True)
class CheckpointInfo:
    """Contents of `checkpoint.json`.

    Attributes:
        format: "full", "adapter" or "endpoint".
        dtype: torch dtype name of the weights, of an adapter's once they are merged; "" for an endpoint.
        chat_template: Whether prompts go through the tokenizer's chat template.
        foundation: Folder of an adapter's parent checkpoint.
        endpoint: `base_url`, `model`, `protocol` and `api_key_variable` of an endpoint.
        custom_code: Whether the model's class is Python code in the folder, which the user trusted
            (`trust_remote_code`).
    """

    format: str
    dtype: str
    chat_template: bool
    foundation: Path | None
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    custom_code: bool = False


def read_info(folder: Path) -> CheckpointInfo:
    """Read a checkpoint's manifest.

    Raises:
        StoreError: `folder` is not a checkpoint.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError("is not a checkpoint: checkpoint.json is missing.", where=str(folder))
    data = read_json(path)
    foundation = (folder / data["foundation"]).resolve() if data["foundation"] is not None else None
    return CheckpointInfo(
        data["format"],
        data["dtype"],
        data["chat_template"],
        foundation,
        data.get("endpoint") or {},
        data.get("custom_code", False),
    )


def save_endpoint(endpoint: Mapping[str, Any], folder: Path) -> None:
    """Write the checkpoint of a model that a server has."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / MANIFEST,
        {"format": "endpoint", "dtype": "", "chat_template": False, "foundation": None, "endpoint": dict(endpoint)},
    )


def save_full(model: Any, tokenizer: Any, folder: Path, *, chat_template: bool) -> None:
    """Write full weights as safetensors, with the tokenizer and, if the model has its own, its code."""
    model.save_pretrained(folder, safe_serialization=True)
    write_full(model, tokenizer, folder, chat_template=chat_template)


def write_full(model: Any, tokenizer: Any, folder: Path, *, chat_template: bool) -> None:
    """Make a folder that holds a model's weights a checkpoint: add the tokenizer and the manifest."""
    tokenizer.save_pretrained(folder)
    dtype = str(model.dtype).removeprefix("torch.")
    manifest = {"format": "full", "dtype": dtype, "chat_template": chat_template, "foundation": None}
    if any(each.__module__.startswith(CUSTOM_CODE) for each in type(model).__mro__):
        manifest["custom_code"] = True
    share_weights(folder)
    write_json(folder / MANIFEST, manifest)


def save_adapter(model: Any, folder: Path, foundation: Path, merge_dtype: str | None = None) -> None:
    """Write a peft model's adapter; its tokenizer is that of the parent checkpoint.

    Args:
        merge_dtype: Torch dtype name of the merged weights; None for that of the parent checkpoint.
    """
    write_adapter(model, folder, foundation, merge_dtype, state_dict=None)


def write_adapter(
    model: Any, folder: Path, foundation: Path, merge_dtype: str | None, state_dict: Mapping[str, Any] | None
) -> None:
    """Write a peft model's adapter from the model's weights, or from those of `state_dict`."""
    model.save_pretrained(folder, safe_serialization=True, selected_adapters=["default"], state_dict=state_dict)
    share_weights(folder)
    below = read_info(foundation)
    write_json(
        folder / MANIFEST,
        {
            "format": "adapter",
            "dtype": merge_dtype or below.dtype,
            "chat_template": below.chat_template,
            "foundation": os.path.relpath(foundation, folder),
        },
    )


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a checkpoint, that of its deepest foundation."""
    info = read_info(folder)
    if info.foundation is not None:
        return load_tokenizer(info.foundation)
    return with_pad_token(AutoTokenizer.from_pretrained(folder, trust_remote_code=info.custom_code))


def load_plain(folder: Path) -> Any:
    """The checkpoint as a plain model without adapters, on the CPU: for evaluation, and as the base of a new
    adapter."""
    info = read_info(folder)
    if info.foundation is None:
        return AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, info.dtype),
            use_safetensors=True,
            trust_remote_code=info.custom_code,
        )
    adapted = load_adapter(folder, trainable=False)
    if adapted.dtype != (dtype := getattr(torch, info.dtype)):
        adapted = adapted.to(dtype)  # `merge_dtype`: before the merge, so that nothing of the update is rounded
    return adapted.merge_and_unload()


def load_adapter(folder: Path, *, trainable: bool) -> Any:
    """The checkpoint as a peft model: its foundation as a plain model, the adapter on it."""
    from peft import PeftModel

    info = read_info(folder)
    if info.foundation is None:
        raise StoreError("holds full weights, not an adapter.", where=str(folder))
    return PeftModel.from_pretrained(load_plain(info.foundation), folder, is_trainable=trainable)
