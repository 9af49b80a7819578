"""Checkpoint folders in the form that backends take, loaded only when something has to be generated."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from xdomain.core.errors import ConfigError
from xdomain.generation.base import Backend, Checkpoint
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info


class Served:
    """A backend and its current checkpoint, whose weights are loaded only when something is generated.

    Args:
        backend: The backend.
        checkpoint: The checkpoint that the backend has loaded already, if any.
    """

    def __init__(self, backend: Backend, checkpoint: Checkpoint | None = None) -> None:
        self.backend = backend
        self._checkpoint = checkpoint
        self._is_loaded = checkpoint is not None

    @property
    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint that was chosen last."""
        assert self._checkpoint is not None
        return self._checkpoint

    def choose(self, folder: Path, name: str) -> None:
        """Make the checkpoint in `folder` the current one.

        Raises:
            StoreError: The folder holds no checkpoint.
            ConfigError: The backend cannot serve it.
        """
        if self._checkpoint is None or self._checkpoint.name != name:
            self._checkpoint, self._is_loaded = None, False
            wanted = served_checkpoint(folder, name)
            check_fits(self.backend, wanted)
            self._checkpoint = wanted

    def load(self) -> None:
        """Load the current checkpoint into the backend unless it is loaded already."""
        if not self._is_loaded:
            self.backend.load(self.checkpoint)
            self._is_loaded = True


def served_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Describe the checkpoint in `folder` without reading its weights.

    Raises:
        StoreError: The folder, or a folder that its adapter is based on, is not a checkpoint.
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


def check_fits(backend: Backend, checkpoint: Checkpoint) -> None:
    """Refuse weights for the endpoint backend, and an endpoint for any other.

    Raises:
        ConfigError: The backend cannot serve the checkpoint.
    """
    if bool(checkpoint.endpoint) != (backend.name == "endpoint"):
        what = "is behind an endpoint" if checkpoint.endpoint else "has its own weights"
        raise ConfigError(
            f'the checkpoint {what}, which the backend "{backend.name}" cannot serve.',
            where="evaluation.backend",
            fix="`endpoint` serves endpoints, `transformers` and `vllm` serve weights.",
        )
