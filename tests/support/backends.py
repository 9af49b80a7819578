"""Models as backends are given them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import Backend, Checkpoint
from xdomain.generation.transformers_backend import TransformersBackend


def served(model: Any, tokenizer: Any, name: str = "tiny") -> Checkpoint:
    """A model in memory as a checkpoint."""
    nowhere = Path(name)
    return Checkpoint(name, nowhere, tokenizer, "float32", nowhere, (), model.eval, {})


def loaded(checkpoint: Checkpoint, batch_tokens: int = 10_000) -> Backend:
    """The transformers backend with a checkpoint."""
    backend = TransformersBackend(EvaluationConfig(batch_tokens=batch_tokens), "cpu")
    backend.load(checkpoint)
    return backend
