"""Load the model that a training stage trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xdomain.config.model import LoraConfig
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_adapter, load_plain, read_info


def load_trainable(parent: Path, lora: LoraConfig | None) -> tuple[Any, Path | None]:
    """Return the model that a stage trains, and the checkpoint below its adapter (None for full fine-tuning).

    With `merge`, the parent's adapter is merged and a new one is added. With `continue`, training continues the
    parent's adapter.
    """
    if lora is None:
        return load_plain(parent), None
    info = read_info(parent)
    if lora.chaining == "continue" and info.foundation is not None:
        return load_adapter(parent, trainable=True), info.foundation
    return new_adapter(load_plain(parent), lora), parent
