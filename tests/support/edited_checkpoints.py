"""Checkpoints of the tiny model with known changes, full or as LoRA adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from xdomain.config.model import LoraConfig
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_adapter, load_plain, save_adapter, save_full
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer


def save_base(folder: Path) -> Path:
    """Save the untrained tiny model."""
    save_full(*tiny_qwen3(seed=1), folder, chat_template=False)
    return folder


def save_edited(parent: Path, folder: Path, edit: Callable[[Any], None]) -> Path:
    """Save a full checkpoint: the parent after `edit`, which changes the model in place."""
    model = load_plain(parent)
    with torch.no_grad():
        edit(model)
    save_full(model, tiny_tokenizer(), folder, chat_template=False)
    return folder


def add_noise(seed: int, scale: float = 1e-3) -> Callable[[Any], None]:
    """Return an edit that adds independent normal numbers to every weight."""
    generator = torch.Generator().manual_seed(seed)

    def edit(model: Any) -> None:
        for parameter in model.parameters():
            parameter.add_(scale * torch.randn(parameter.shape, generator=generator))

    return edit


def save_random_adapter(foundation: Path, folder: Path, lora: LoraConfig, seed: int) -> Path:
    """Save an adapter with random factors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_adapter(new_adapter(load_plain(foundation), lora, random=True), folder, foundation)
    return folder


def save_continued(parent: Path, foundation: Path, folder: Path, scale: float) -> Path:
    """Save the parent's adapter with its second factors multiplied by `scale`, on the same foundation."""
    model = load_adapter(parent, trainable=True)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.mul_(scale)
    save_adapter(model, folder, foundation)
    return folder


def formed(end: Path, parent: Path) -> dict[str, torch.Tensor]:
    """Return the change of every weight, float64, from the two whole models. Weights that did not change are left out.

    An adapter is merged in float64, so that no rounding is part of the change.
    """

    def weights(folder: Path) -> dict[str, torch.Tensor]:
        return {name: weight.detach().double() for name, weight in _exact(folder).named_parameters()}

    before = weights(parent)
    changes = {name: weight - before[name] for name, weight in weights(end).items()}
    return {name: change for name, change in changes.items() if change.abs().max() > 1e-12}


def _exact(folder: Path) -> Any:
    try:
        return load_adapter(folder, trainable=False).double().merge_and_unload()
    except Exception as error:
        if "not an adapter" not in str(error):
            raise
        return load_plain(folder).double()
