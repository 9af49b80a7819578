"""Checkpoints on disk.

A checkpoint folder holds `checkpoint.json` and one of three contents: full weights ("full"), a LoRA adapter ("adapter")
that names its base checkpoint by a relative path, or nothing else ("endpoint": a server has the model). A chain of
`merge` stages is a chain of adapters. Each is merged into the weights below it when the next one is added, so no
weights are stored twice.
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
"""Package into which transformers imports the custom code of models."""


@dataclass(frozen=True)
class CheckpointInfo:
    """Contents of `checkpoint.json`.

    Attributes:
        format: "full", "adapter" or "endpoint".
        dtype: Torch dtype name of the weights, after the merge for an adapter; "" for an endpoint.
        chat_template: Whether prompts go through the tokenizer's chat template.
        foundation: Folder of an adapter's base checkpoint.
        endpoint: `base_url`, `model`, `protocol` and `api_key_variable` of an endpoint.
        custom_code: Whether the model's class is Python code in the folder, which the user trusted with
            `trust_remote_code`.
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
        StoreError: The folder is not a checkpoint.
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
    """Write the checkpoint of a model behind an endpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / MANIFEST,
        {"format": "endpoint", "dtype": "", "chat_template": False, "foundation": None, "endpoint": dict(endpoint)},
    )


def save_full(model: Any, tokenizer: Any, folder: Path, *, chat_template: bool) -> None:
    """Write full weights as safetensors, with the tokenizer and any custom code of the model."""
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
    """Write a peft model's adapter without a tokenizer, since it uses its base checkpoint's.

    Args:
        model: Peft model.
        folder: Folder of the new checkpoint.
        foundation: Folder of the adapter's base checkpoint.
        merge_dtype: Torch dtype name of the merged weights; None for that of the base checkpoint.
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
    """Return the tokenizer of a checkpoint. An adapter uses that of the full checkpoint at the end of its chain."""
    info = read_info(folder)
    if info.foundation is not None:
        return load_tokenizer(info.foundation)
    return with_pad_token(AutoTokenizer.from_pretrained(folder, trust_remote_code=info.custom_code))


def load_plain(folder: Path) -> Any:
    """Return the checkpoint as a plain model on the CPU, with its adapters merged.

    It serves for evaluation and as the model below a new adapter.
    """
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
        adapted = adapted.to(dtype)  # `merge_dtype` applies before the merge, so that the update is not rounded
    return adapted.merge_and_unload()


def load_adapter(folder: Path, *, trainable: bool) -> Any:
    """Return the checkpoint as a peft model: its base checkpoint as a plain model with the adapter added."""
    from peft import PeftModel

    info = read_info(folder)
    if info.foundation is None:
        raise StoreError("holds full weights, not an adapter.", where=str(folder))
    return PeftModel.from_pretrained(load_plain(info.foundation), folder, is_trainable=trainable)
