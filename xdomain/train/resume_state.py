"""The trainer's own resume files. A state that a kill left incomplete has no mark and is never read."""

from __future__ import annotations

from pathlib import Path

from xdomain.core.files import remove, sync_tree, write_atomic

MARK = "complete"


def state_folder(scratch: Path, step: int) -> Path:
    """Return the folder in which transformers' Trainer saves its state of `step`."""
    return scratch / f"checkpoint-{step}"


def mark_complete(scratch: Path, step: int, layout: str) -> None:
    """Mark the state of `step` as completely written by processes of that `StageContext.layout`."""
    folder = state_folder(scratch, step)
    sync_tree(folder)
    write_atomic(folder / MARK, layout)


def last_complete_state(scratch: Path, layout: str) -> int | None:
    """Return the step of the newest complete state, or None if there is none, and remove unusable states.

    Unusable states are incomplete, or come from another number of processes, whose random states and positions in the
    schedule differ, or from processes that shared the weights differently. They are removed so that the trainer's
    rotation cannot prefer them.
    """
    complete = []
    for folder in scratch.glob("checkpoint-*"):
        mark, step = folder / MARK, folder.name.removeprefix("checkpoint-")
        if step.isdecimal() and mark.is_file() and (mark.read_bytes() or b"1") == layout.encode():
            complete.append(int(step))
        else:
            remove(folder)
    return max(complete, default=None)
