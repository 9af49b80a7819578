"""Work and resume folders: each belongs to one token, and moves from a dead holder to its successor by a rename.

work/<folder>.<token>      of the holder with that token
work/<folder>              left by a holder that released its lease with the stage undone; the next one takes it
work/<folder>.<token>      an empty file: that holder's folder was taken away, and it cannot make it again

The same in scratch/. A holder that lost its lease and wakes up finds its paths gone, whatever it was about to write.
What it still has open are files that the successor made copies of, and folders of unfinished states, which are never
read. So nobody writes into a folder that is another one's, even where locks do nothing and clocks differ.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from xdomain.core.artifact_layout import CHECKPOINTS
from xdomain.core.files import remove

KINDS = ("work", "scratch")
OWNED = re.compile(r"(?P<stage>.+)\.(?P<token>[A-Za-z0-9]+)")
RESUME_STATES = "checkpoint-"
"""Folders of the trainer's states begin so."""


def stage_of(entry: str) -> str:
    """Return the stage's folder name that an entry of work/ or scratch/ belongs to."""
    found = OWNED.fullmatch(entry)
    return found["stage"] if found else entry


def hand_over(root: Path, stage: str, previous: str | None, token: str) -> None:
    """Give what an earlier holder of a stage made to the new one; only the holder of the lease calls this.

    Args:
        root: Folder of the store.
        stage: Folder name of the stage.
        previous: Token of the holder whose lease was taken over; None if there was no lease.
        token: Token of the new holder.
    """
    for kind in KINDS:
        entries = _entries(root / kind, stage, previous)
        for entry in entries[1:]:
            remove(root / kind / entry)
        for heir in entries[:1]:
            _move(root / kind / heir, root / kind / f"{stage}.{token}")


def leave(root: Path, stage: str, token: str) -> None:
    """Leave what was made to whoever takes the stage next; the holder calls this before it releases its lease."""
    for kind in KINDS:
        own, left = root / kind / f"{stage}.{token}", root / kind / stage
        if os.path.lexists(own) and not _is_taken_away(own):
            remove(left)
            own.rename(left)


def sweep(root: Path, stage: str, keep: Collection[str] = ()) -> None:
    """Remove all work and resume folders of a stage that is published.

    Args:
        keep: Tokens whose folders stay.
    """
    kept = {f"{stage}.{token}" for token in keep}
    for kind in KINDS:
        for entry in _names(root / kind):
            if stage_of(entry) == stage and entry not in kept:
                remove(root / kind / entry)


def unclaimed(folder: Path, stage: str, token: str | None) -> list[str]:
    """Return the entries of a stage that its next holder would not take.

    Args:
        folder: Folder work/ or scratch/ of the store.
        token: Token of the present or last holder.
    """
    others = _entries(folder, stage, token)[1:]
    taken_away = [name for name in _names(folder) if stage_of(name) == stage and _is_taken_away(folder / name)]
    return [*others, *taken_away]


def _entries(folder: Path, stage: str, token: str | None) -> list[str]:
    """Return what holders of a stage made, first what the next one takes: the last holder's, else what a holder left,
    else the newest, which a process that was killed while it took over had not moved yet."""
    found = [name for name in _names(folder) if stage_of(name) == stage and not (_is_taken_away(folder / name))]
    return sorted(found, key=lambda name: (name != f"{stage}.{token}", name != stage, -_changed(folder / name)))


def _move(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except FileNotFoundError:
        return  # without locks another one may be faster
    if OWNED.fullmatch(old.name):
        with suppress(OSError):
            old.touch(exist_ok=False)
    _make_own(new)


def _make_own(folder: Path) -> None:
    """Copy files that the earlier holder may have open, such as answers and metrics; states and weights are whole, or
    made again."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != CHECKPOINTS and not name.startswith(RESUME_STATES)]
        for name in names:
            path = Path(root, name)
            copy = path.with_name(f".{name}.copy")
            if path.is_file() and not path.is_symlink():
                remove(copy)
                copy.touch(mode=0o600)
                shutil.copyfile(path, copy)
                shutil.copymode(path, copy)
                copy.replace(path)


def _is_taken_away(path: Path) -> bool:
    return OWNED.fullmatch(path.name) is not None and path.is_file() and path.stat().st_size == 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
