"""A checkpoint folder as a backend wants it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from xdomain.generation.base import Checkpoint
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info


def served_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Describe the checkpoint in `folder`; weights are not read yet.

    Raises:
        StoreError: it, or a checkpoint that it lies on, is none.
    """
    info = read_info(folder)
    adapters: list[Path] = []
    foundation, below = folder, info
    while below.foundation is not None:
        adapters.insert(0, foundation)
        foundation = below.foundation
        below = read_info(foundation)
    return Checkpoint(
        name=name,
        folder=folder,
        tokenizer=None if info.endpoint else load_tokenizer(folder),
        dtype=info.dtype,
        foundation=foundation,
        adapters=tuple(adapters),
        load_model=partial(load_for_answers, folder),
        endpoint=info.endpoint,
    )


def load_for_answers(folder: Path) -> Any:
    return load_plain(folder).eval()
