"""Read published stages from their descriptions, without a plan that contains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from xdomain.plan.stage import CheckpointRef, StageKind, StageRef
from xdomain.store.artifact import DONE, RECORDS, read_description
from xdomain.store.description import description


@dataclass(frozen=True, kw_only=True)
class StoredStage(StageRef):
    """The contents of a published stage's `stage.json`.

    Attributes:
        path: Folder of the stage.
        payload: Content that its key is the digest of.
        needs: Keys of the stages that it was made from.
        done: Content of its `done.json`: `summary`, `provenance`, `seconds`.
    """

    path: Path
    payload: Mapping[str, Any]
    needs: tuple[str, ...]
    done: Mapping[str, Any]

    @property
    def evaluated(self) -> str | None:
        """Name of the checkpoint that an evaluation measured; None for other stages."""
        return CheckpointRef(**self.payload["checkpoint"]).name if self.kind is StageKind.EVALUATE else None

    @property
    def records(self) -> Path:
        """Path of the item records of an evaluation."""
        return self.path / RECORDS

    @property
    def is_endpoint(self) -> bool:
        """Whether the stage is a base model behind an endpoint, which has no weights."""
        return "endpoint" in self.payload.get("model", {})


def read_stage(path: Path) -> StoredStage | None:
    """Return the stage in the folder `path`, or None if it is not published or cannot be read."""
    try:
        return _stored(path, description(path)) if (path / DONE).is_file() else None
    except (OSError, ValueError):
        return None


def find_stages(root: Path, pattern: str) -> list[StoredStage]:
    """Return published stages of the store at `root` whose title or folder matches a glob pattern, or whose key begins
    with it.

    If `pattern` is the title of a stage, only stages with this title are returned: titles may contain "*".

    Raises:
        DamagedArtifact: A matching stage is corrupt.
    """
    found = [
        _stored(marker.parent, read_description(marker.parent))
        for marker in sorted((root / "stages").glob(f"*/{DONE}"))
        if fnmatchcase(marker.parent.name, pattern) or _is_called(marker.parent, pattern)
    ]
    return [stage for stage in found if stage.title == pattern] or found


def _stored(path: Path, data: Mapping[str, Any]) -> StoredStage:
    return StoredStage(
        kind=StageKind(data["kind"]),
        key=data["key"],
        title=data["title"],
        path=path,
        payload=data["payload"],
        needs=tuple(data["needs"]),
        done=data["done"],
    )


def _is_called(folder: Path, pattern: str) -> bool:
    """Return whether a stage's title matches, or its key begins with `pattern`.

    It is False for a description that cannot be read.
    """
    try:
        data = description(folder)
        return fnmatchcase(data["title"], pattern) or bool(data["key"].startswith(pattern))
    except (OSError, ValueError):
        return False
