"""Record the settings that each experiment last ran with in a store.

settings/<name>.json     name in the file, sha256 of the file, overrides
"""

from __future__ import annotations

from pathlib import Path

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.plan.origin import Origin
from xdomain.store.store import Store


def note_last_run(store: Store, origin: Origin) -> None:
    """Record the file and the settings of a session that starts.

    Raises:
        StoreError: The note cannot be written.
    """
    if read_last_run(store, origin.name) == origin:
        return
    path = _path(store, origin.name)
    try:
        path.parent.mkdir(exist_ok=True)  # stores of earlier versions lack this folder
        write_json(path, {"name": origin.name, "file": origin.file, "settings": list(origin.settings)})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def read_last_run(store: Store, name: str) -> Origin | None:
    """Return the file and the settings that an experiment last ran with; None if there is no readable note.

    The note only saves typing, so an unreadable one is not an error.
    """
    try:
        noted = read_json(_path(store, name))
        return Origin(str(noted["name"]), str(noted["file"]), tuple(map(str, noted["settings"])))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _path(store: Store, name: str) -> Path:
    return store.root / "settings" / f"{name}.json"
