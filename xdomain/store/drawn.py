"""An index of evaluations by the settings that their completions were drawn with: one empty file per evaluation.

An entry may outlive its stage, so readers check that the stage is published.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from xdomain.plan.borrowing import draw_key
from xdomain.plan.stage import StageKind
from xdomain.store.description import STAGE, description

DRAWN = "drawn"


def drawn_name(key: str) -> str:
    """Return the first part of an entry's name, "<first part>-<folder of the stage>"."""
    return key[:16]


def note_drawn(root: Path, folder: str, payload: Mapping[str, Any]) -> None:
    """Add a stage to the index of the store at `root`."""
    (root / DRAWN / f"{drawn_name(draw_key(payload))}-{folder}").touch()


def index_evaluations(root: Path) -> None:
    """Build the index of a store that was written by a version without one."""
    for path in (root / "stages").glob(f"{StageKind.EVALUATE}-*/{STAGE}"):
        try:
            note_drawn(root, path.parent.name, description(path.parent)["payload"])
        except (OSError, ValueError, TypeError, LookupError):
            continue  # corrupt; commands that read the stage report it


def forget_drawn(root: Path, folders: Collection[str]) -> None:
    """Remove stages from the index."""
    for path in (root / DRAWN).glob("*"):
        if path.name.partition("-")[2] in folders:
            path.unlink(missing_ok=True)
