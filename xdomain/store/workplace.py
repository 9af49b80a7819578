"""Work and resume folders. Each belongs to one token, and a rename moves it from a dead holder to its successor.

work/<folder>.<token>      folder of the holder with that token
work/<folder>              left by a holder that released its lease before the stage was finished, for the next holder
work/<folder>.<token>      as an empty file: that holder's folder was taken away, and it cannot create it again

The same holds in scratch/. A suspended holder that lost its lease finds its paths gone when it wakes up. Its successor
has copied the files that it may still have open, and never reads folders of unfinished states. So no process can write
into the folder of another, even if locks do nothing and clocks differ.
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
"""Prefix of the names of folders with the trainer's states."""


def stage_of(entry: str) -> str:
    """Return the folder name of the stage that an entry of work/ or scratch/ belongs to."""
    found = OWNED.fullmatch(entry)
    return found["stage"] if found else entry


def hand_over(root: Path, stage: str, previous: str | None, token: str) -> None:
    """Move the files of an earlier holder of a stage to the new holder. Only the holder of the lease calls this.

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
    """Leave the work folder to the next holder of the stage. The holder calls this before it releases its lease."""
    for kind in KINDS:
        own, left = root / kind / f"{stage}.{token}", root / kind / stage
        if os.path.lexists(own) and not _is_taken_away(own):
            remove(left)
            own.rename(left)


def sweep(root: Path, stage: str, keep: Collection[str] = ()) -> None:
    """Remove all work and resume folders of a published stage.

    Args:
        root: Folder of the store.
        stage: Folder name of the stage.
        keep: Tokens whose folders are kept.
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
        stage: Folder name of the stage.
        token: Token of the current or last holder; None if there is none.
    """
    others = _entries(folder, stage, token)[1:]
    taken_away = [name for name in _names(folder) if stage_of(name) == stage and _is_taken_away(folder / name)]
    return [*others, *taken_away]


def _entries(folder: Path, stage: str, token: str | None) -> list[str]:
    """Return the entries of a stage's holders. The first one is the entry that the next holder takes.

    That is the last holder's entry, or else the one that a holder left, or else the newest one, which a process did not
    move because it was killed while taking over.
    """
    found = [name for name in _names(folder) if stage_of(name) == stage and not (_is_taken_away(folder / name))]
    return sorted(found, key=lambda name: (name != f"{stage}.{token}", name != stage, -_changed(folder / name)))


def _move(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except FileNotFoundError:
        return  # without locks, another process may be faster
    if OWNED.fullmatch(old.name):
        with suppress(OSError):
            old.touch(exist_ok=False)
    _make_own(new)


def _make_own(folder: Path) -> None:
    """Copy files that the earlier holder may still have open, such as answers and metrics.

    States and weights need no copy, because they are complete or made again.
    """
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
