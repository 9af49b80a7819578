"""With which settings each experiment last ran in a store.

settings/<name>.json     name in the file, sha256 of the file, overrides
"""

from __future__ import annotations

from pathlib import Path

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.plan.origin import Origin
from xdomain.store.store import Store


def note_last_run(store: Store, origin: Origin) -> None:
    """Remember the file and the settings of a run that begins.

    Raises:
        StoreError: the note cannot be written.
    """
    if read_last_run(store, origin.name) == origin:
        return
    path = _path(store, origin.name)
    try:
        path.parent.mkdir(exist_ok=True)  # a store of an earlier version has no such folder
        write_json(path, {"name": origin.name, "file": origin.file, "settings": list(origin.settings)})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def read_last_run(store: Store, name: str) -> Origin | None:
    """Return the file and the settings that an experiment last ran with; None if it did not run or the note cannot be
    read, since it only saves typing."""
    try:
        noted = read_json(_path(store, name))
        return Origin(str(noted["name"]), str(noted["file"]), tuple(map(str, noted["settings"])))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _path(store: Store, name: str) -> Path:
    return store.root / "settings" / f"{name}.json"
