"""A published folder and the digests that it was published with."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from xdomain.core.artifact_layout import CHECKPOINTS, foundation_folder
from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.core.files import LARGEST_JSON, read_json
from xdomain.core.fingerprint import file_digest
from xdomain.store.description import STAGE, description

DONE = "done.json"
MANIFEST = "manifest.json"
RECORDS = "records.parquet"
REMAKE = (
    "Delete this folder, and `xdomain grid run` makes the stage again (`execution.damaged: remake` does it by itself)."
)


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file below `folder` but the manifest and the terminal token."""
    paths = (Path(root, name) for root, _, names in os.walk(folder) for name in names if name not in (MANIFEST, DONE))
    return {str(path.relative_to(folder)): file_digest(path) for path in paths}


def damaged_file(folder: Path, below: str = "", *, checkpoints: bool = True) -> str | None:
    """The first file whose digest differs from the manifest's, or that is missing; the manifest if it is no longer one.

    Args:
        below: look only at files whose path in the folder begins so.
        checkpoints: False leaves the checkpoints out.
    """
    try:
        manifest = read_json(folder / MANIFEST)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return MANIFEST
    if not isinstance(manifest, dict) or not all(_lies_inside(name) for name in manifest):
        return MANIFEST
    for name, digest in manifest.items():
        path = folder / name
        wanted = name.startswith(below) and (checkpoints or not name.startswith(f"{CHECKPOINTS}/"))
        if wanted and (not _may_be_sound(path) or file_digest(path) != digest):
            return str(name)
    return None


def check_artifact(folder: Path, below: str = "", *, checkpoints: bool = True) -> None:
    """Compare the digests of its files, all or those that `damaged_file` is asked for.

    Raises:
        StoreError: `folder` is not published.
        DamagedArtifact: a file is damaged.
    """
    if not (folder / DONE).is_file():
        raise StoreError("is not published yet.", where=folder.name, fix="Run `xdomain grid run` first.")
    damaged = damaged_file(folder, below, checkpoints=checkpoints)
    if damaged is not None:
        raise DamagedArtifact(
            f'"{damaged}" is damaged: its digest is not the published one.', where=str(folder), fix=REMAKE
        )


def read_description(folder: Path) -> dict[str, Any]:
    """What `stage.json` of a published stage says, after its digest was compared.

    Raises:
        DamagedArtifact: it is damaged.
    """
    check_artifact(folder, STAGE)
    try:
        return description(folder)
    except ValueError as error:
        raise DamagedArtifact(f'"{STAGE}" describes no stage: {error}.', where=str(folder), fix=REMAKE) from error


def _may_be_sound(path: Path) -> bool:
    """Return whether it is a file, and no larger than its kind can be: to digest what somebody put there takes long."""
    return os.path.isfile(path) and (path.suffix != ".json" or path.stat().st_size <= LARGEST_JSON)


def _lies_inside(name: str) -> bool:
    return not os.path.isabs(name) and ".." not in Path(name).parts


def check_checkpoint(checkpoint: Path, above: Collection[Path] = ()) -> None:
    """Compare the digests of a checkpoint's files, and of every checkpoint that it lies on.

    Args:
        above: Checkpoints that lie on this one.

    Raises:
        DamagedArtifact: its stage is not published (any more), a file is damaged, or `grid gc` freed the checkpoint.
    """
    stage = checkpoint.parent.parent
    if not (stage / DONE).is_file():
        raise DamagedArtifact("is not published.", where=str(stage), fix="Run `xdomain grid run` first.")
    check_artifact(stage, f"{checkpoint.relative_to(stage)}/")
    if not checkpoint.is_dir():
        raise DamagedArtifact(
            f"{checkpoint.name} no longer exists: `grid gc` removed it.", where=str(stage), fix=REMAKE
        )
    below = foundation_folder(checkpoint)
    if below is not None:
        if below in above:
            raise DamagedArtifact("its adapter lies on itself.", where=str(stage), fix=REMAKE)
        check_checkpoint(below, [*above, below])
