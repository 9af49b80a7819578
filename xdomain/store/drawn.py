"""The index of evaluations by what their completions were drawn with: one empty file each, found by its name.

An entry may outlive its stage: whoever follows it looks whether the stage is published.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from xdomain.core.files import read_json
from xdomain.plan.borrowing import draw_key
from xdomain.plan.stage import StageKind
from xdomain.store.artifact import STAGE

DRAWN = "drawn"


def drawn_name(key: str) -> str:
    """Return the beginning of an entry's name: "<this>-<folder of the stage>"."""
    return key[:16]


def note_drawn(root: Path, folder: str, payload: Mapping[str, Any]) -> None:
    """Add a stage to the index of the store in `root`."""
    (root / DRAWN / f"{drawn_name(draw_key(payload))}-{folder}").touch()


def index_evaluations(root: Path) -> None:
    """Make the whole index, where a version wrote the store that had none."""
    for path in (root / "stages").glob(f"{StageKind.EVALUATE}-*/{STAGE}"):
        try:
            note_drawn(root, path.parent.name, read_json(path)["payload"])
        except (OSError, ValueError, TypeError, LookupError):
            continue  # it is damaged: whoever needs it will be told


def forget_drawn(root: Path, folders: Collection[str]) -> None:
    """Take stages out of the index."""
    for path in (root / DRAWN).glob("*"):
        if path.name.partition("-")[2] in folders:
            path.unlink(missing_ok=True)
