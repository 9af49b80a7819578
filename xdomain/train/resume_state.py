"""The trainer's own resume files. One that a kill tore has no mark and is never read."""

from __future__ import annotations

import shutil
from pathlib import Path

from xdomain.core.files import sync_tree, write_atomic

MARK = "complete"


def state_folder(scratch: Path, step: int) -> Path:
    """Where transformers' Trainer saves its state of `step`."""
    return scratch / f"checkpoint-{step}"


def mark_complete(scratch: Path, step: int) -> None:
    """Say that the state of `step` is on disk, whole."""
    folder = state_folder(scratch, step)
    sync_tree(folder)
    write_atomic(folder / MARK, "")


def last_complete_state(scratch: Path) -> int | None:
    """Step of the newest whole state; torn ones are removed, so that the trainer's rotation cannot prefer them."""
    complete = []
    for folder in scratch.glob("checkpoint-*"):
        if (folder / MARK).is_file():
            complete.append(int(folder.name.rsplit("-", 1)[1]))
        else:
            shutil.rmtree(folder)
    return max(complete, default=None)
