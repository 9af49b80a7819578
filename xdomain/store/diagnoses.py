"""Diagnoses of checkpoints: `diagnoses/<folder>/step-000040.json`. The stages themselves do not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json, writing
from xdomain.diagnosis.result import DomainEffect, StageEdits, StagePair
from xdomain.store.schema import DIAGNOSES


@dataclass(frozen=True)
class StoredDiagnosis:
    """The change from the start of a stage to one of its checkpoints.

    Attributes:
        edits: Change of the weights.
        effects: Effect on each diagnosed domain, keyed by domain.
        pairs: Agreement with the changes up to other checkpoints, keyed by their names.
    """

    edits: StageEdits
    effects: Mapping[str, DomainEffect]
    pairs: Mapping[str, StagePair]


def note_diagnosis(root: Path, folder: str, step: int, found: StoredDiagnosis) -> None:
    """Store a diagnosis. Earlier effects on other domains, and pairs with other checkpoints, are kept.

    Args:
        root: Folder of the store.
        folder: Folder name of the stage.
        step: Step of the checkpoint.
        found: The diagnosis.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        earlier = read_diagnosis(root, folder, step)
    except StoreError:
        earlier = None  # it is corrupt, and is replaced
    if earlier is not None:
        effects, pairs = {**earlier.effects, **found.effects}, {**earlier.pairs, **found.pairs}
        found = replace(found, effects=effects, pairs=pairs)
    with writing("Make the store writable, because diagnoses are kept there."):
        write_json(_path(root, folder, step), asdict(found))


def read_diagnosis(root: Path, folder: str, step: int) -> StoredDiagnosis | None:
    """Return the stored diagnosis of a checkpoint; None if there is none. The arguments are those of `note_diagnosis`.

    Raises:
        StoreError: The file is corrupt.
    """
    path = _path(root, folder, step)
    try:
        return TypeAdapter(StoredDiagnosis).validate_python(read_json(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else error
        raise StoreError(
            f"is no diagnosis: {reason}.", where=str(path), fix="Delete the file, and run `xdomain diagnose` again."
        ) from error


def _path(root: Path, folder: str, step: int) -> Path:
    return root / DIAGNOSES / folder / f"step-{step:06d}.json"
