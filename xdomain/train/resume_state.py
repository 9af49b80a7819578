"""The trainer's own resume files. One that a kill tore has no mark and is never read."""

from __future__ import annotations

from pathlib import Path

from xdomain.core.files import remove, sync_tree, write_atomic

MARK = "complete"


def state_folder(scratch: Path, step: int) -> Path:
    """Where transformers' Trainer saves its state of `step`."""
    return scratch / f"checkpoint-{step}"


def mark_complete(scratch: Path, step: int, layout: str) -> None:
    """Mark the state of `step` as completely written by processes of that `StageContext.layout`."""
    folder = state_folder(scratch, step)
    sync_tree(folder)
    write_atomic(folder / MARK, layout)


def last_complete_state(scratch: Path, layout: str) -> int | None:
    """Return the step of the newest whole state that processes of this layout can read; None if there is none.

    Other states are removed, so that the trainer's rotation cannot prefer them: torn ones, those of another number of
    processes, whose random states and indices in the schedule are not these processes', and those of processes that
    shared the weights otherwise.
    """
    complete = []
    for folder in scratch.glob("checkpoint-*"):
        mark, step = folder / MARK, folder.name.removeprefix("checkpoint-")
        if step.isdecimal() and mark.is_file() and (mark.read_bytes() or b"1") == layout.encode():
            complete.append(int(step))
        else:
            remove(folder)
    return max(complete, default=None)
