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
REMAKE = "Delete this folder and run `xdomain grid run` to rebuild the stage, or set `execution.damaged: remake`."


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below `folder`, except the manifest and the terminal token."""
    paths = (Path(root, name) for root, _, names in os.walk(folder) for name in names if name not in (MANIFEST, DONE))
    return {str(path.relative_to(folder)): file_digest(path) for path in paths}


def damaged_file(folder: Path, below: str = "", *, checkpoints: bool = True) -> str | None:
    """Return the first file that is missing or has another digest than the manifest lists; None if all are sound.

    If the manifest itself cannot be read, its name is returned.

    Args:
        below: Prefix of the paths to compare, relative to the folder.
        checkpoints: If False, files of checkpoints are skipped.
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
    """Compare the digests of the files of a stage. The arguments are those of `damaged_file`.

    Raises:
        StoreError: `folder` is not published.
        DamagedArtifact: A file is corrupt.
    """
    if not (folder / DONE).is_file():
        raise StoreError("is not published yet.", where=folder.name, fix="Run `xdomain grid run` first.")
    damaged = damaged_file(folder, below, checkpoints=checkpoints)
    if damaged is not None:
        raise DamagedArtifact(
            f'"{damaged}" is damaged: its digest is not the published one.', where=str(folder), fix=REMAKE
        )


def read_description(folder: Path) -> dict[str, Any]:
    """Return the content of a published stage's `stage.json`, after comparing its digest.

    Raises:
        DamagedArtifact: The file is corrupt.
    """
    check_artifact(folder, STAGE)
    try:
        return description(folder)
    except ValueError as error:
        raise DamagedArtifact(f'"{STAGE}" describes no stage: {error}.', where=str(folder), fix=REMAKE) from error


def _may_be_sound(path: Path) -> bool:
    """Return whether `path` is a file of a plausible size. Hashing a huge foreign file would take long."""
    return os.path.isfile(path) and (path.suffix != ".json" or path.stat().st_size <= LARGEST_JSON)


def _lies_inside(name: str) -> bool:
    return not os.path.isabs(name) and ".." not in Path(name).parts


def check_checkpoint(checkpoint: Path, above: Collection[Path] = ()) -> None:
    """Compare the digests of a checkpoint's files, and of every checkpoint that its adapter is based on.

    Args:
        above: Checkpoints that are based on this one, used to detect a cycle.

    Raises:
        DamagedArtifact: The stage is not published, a file is corrupt, or `grid gc` removed the checkpoint.
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
            raise DamagedArtifact("its adapter is based on itself.", where=str(stage), fix=REMAKE)
        check_checkpoint(below, [*above, below])
