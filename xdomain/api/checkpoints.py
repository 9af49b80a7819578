"""Find published checkpoints, and load them with transformers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from xdomain.api.stores import as_store
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError, DependencyMissing, StoreError
from xdomain.core.installation import install_command
from xdomain.core.registry import load_attribute
from xdomain.plan.stage import StageRef
from xdomain.resolve.evaluations import stored_checkpoints
from xdomain.store.store import Store


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint in a store.

    Attributes:
        title: Title of the stage that made the checkpoint, with the step.
        stage: Key of that stage.
        step: Optimizer step within the stage; 0 for the base model.
        path: Folder of the checkpoint, with weights in transformers format or a LoRA adapter of peft.
    """

    title: str
    stage: str
    step: int
    path: Path

    def model(self) -> Any:
        """Load the weights with transformers, on the CPU. Adapters are merged.

        Returns:
            A transformers model for causal language modelling.

        Raises:
            DependencyMissing: The training packages are not installed.
            StoreError: The folder contains no weights.
        """
        return _load("xdomain.models.checkpoint:load_plain", self.path)

    def tokenizer(self) -> Any:
        """Load the tokenizer that the stage trained with.

        Returns:
            A transformers tokenizer.

        Raises:
            DependencyMissing: The training packages are not installed.
            StoreError: The folder is not a checkpoint.
        """
        return _load("xdomain.models.checkpoint:load_tokenizer", self.path)


def load_checkpoint(name: str, *, store: str | Path | Store | None = None) -> StoredCheckpoint:
    """Find a published checkpoint. Its methods `model` and `tokenizer` load it with transformers.

    Args:
        name: Title, folder or first characters of the key of a training stage or the base model; STAGE@40 for step 40.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.

    Raises:
        ConfigError: The name matches no checkpoint in the store, or several.
        StoreError: The store is from another version, or the folder is not a store.
    """
    opened = as_store(store)
    found = stored_checkpoints(opened, name)
    if len(found) != 1:
        some = ", ".join(f'"{title}"' for _, _, title in found[:3]) or "none"
        raise ConfigError(
            f'"{name}" should name one checkpoint. Found {some}.',
            where=str(opened.root),
            fix="`xdomain grid status FILE --json` lists the titles of stages.",
        )
    ((stage, step, _),) = found
    return checkpoint_of(opened, stage, step)


def checkpoint_of(store: Store, stage: StageRef, step: int | None = None) -> StoredCheckpoint:
    """Return the checkpoint that a stage published.

    Args:
        store: The store.
        stage: The stage.
        step: Optimizer step within the stage; None for its final checkpoint.

    Raises:
        StoreError: The stage is not published, or has no checkpoint at that step.
    """
    folder = store.open_artifact(stage)
    steps = sorted(int(path.name.removeprefix("step-")) for path in (folder / "checkpoints").glob("step-*"))
    wanted = steps[-1] if step is None and steps else step
    if wanted is None or wanted not in steps:
        raise StoreError(
            f'"{stage.title}" has no checkpoint at step {wanted}.',
            where=str(folder),
            fix=f"It has one at {', '.join(map(str, steps)) or 'no step'}.",
        )
    return StoredCheckpoint(f"{stage.title} step {wanted}", stage.key, wanted, checkpoint_folder(folder, wanted))


def _load(target: str, path: Path) -> Any:
    if not path.is_dir():
        raise StoreError("does not exist.", where=str(path), fix="`checkpoints.keep: ends` deletes inner checkpoints.")
    if any(find_spec(name) is None for name in ("torch", "transformers")):
        raise DependencyMissing("transformers is not installed.", fix=install_command("train"))
    return load_attribute(target)(path)
