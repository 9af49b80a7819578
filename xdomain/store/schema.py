"""Check that a folder can serve as a store: its version, its content and its file system."""

from __future__ import annotations

import fcntl
from pathlib import Path
from reprlib import repr as shown
from typing import Any

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json
from xdomain.store.drawn import DRAWN

MARKER = "store.json"
"""File that makes a folder a store."""
MARKER_BYTES = 1 << 16
DIAGNOSES = "diagnoses"
"""Folder of diagnoses, see `diagnoses`."""
FIRST_VERSION = 1
SCHEMA_VERSION = 2
"""Version of the store's layout. Increment it when stage keys or the files of stages change their meaning."""
OF_STAGES = ("stages", "work", "scratch", "leases", "failures", "attempts", "logs", DIAGNOSES, DRAWN)
FOLDERS = (*OF_STAGES, "reports", "experiments", "settings")


def require_schema(version: Any, root: Path) -> None:
    """Check that this version of xdomain can use a store with schema `version`.

    Raises:
        StoreError: An incompatible version of xdomain wrote the store.
    """
    if type(version) is not int or version < FIRST_VERSION:
        raise StoreError(
            f"its schema version is {shown(version)}, and no version of xdomain wrote that.",
            where=str(root / MARKER),
            fix=f'If the folder is a store of this version, write {{"schema": {SCHEMA_VERSION}}} into this file. '
            "Otherwise choose another folder with --store.",
        )
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"an earlier version of xdomain wrote this store (schema {version}; this version has {SCHEMA_VERSION}). "
            "Its stages have other keys, its verifiers used other rules and its items were drawn differently, so its "
            "stages cannot be used. Nothing in the folder was changed.",
            where=str(root),
            fix="Name a new folder with --store. To read the old results, use the version that wrote them, which the "
            "`done.json` of each stage names.",
        )
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {shown(version)}, this version of xdomain reads {SCHEMA_VERSION}.",
            where=str(root),
            fix="Upgrade xdomain, or use another folder with --store.",
        )


def read_schema(marker: Path) -> Any:
    """Return the schema version in a store's marker file.

    Raises:
        StoreError: The file cannot be read.
    """
    try:
        return read_json(marker, MARKER_BYTES)["schema"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise StoreError(
            "contains no schema version: it is corrupt, or does not belong to a store.",
            where=str(marker),
            fix=f'If the folder is a store, write {{"schema": {SCHEMA_VERSION}}} into this file. Otherwise choose '
            "another folder with --store.",
        ) from error


def is_being_made(path: Path) -> bool:
    """Return whether an entry of a folder belongs to a store that is not complete yet.

    Another session may be creating it, or may have been killed meanwhile. The folders of such a store are empty. A
    folder with files in it is not part of one, whatever its name.
    """
    empty = path.name in FOLDERS and path.is_dir() and not any(path.iterdir())
    return empty or path.name.lstrip(".").startswith("store.json")


def require_locks(path: Path) -> None:
    """Check that files can be locked, by locking one the way leases do.

    Raises:
        OSError: The file system does not support locks.
    """
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another session holds the lock, so locks work
        except OSError as error:
            raise OSError(error.errno, f"its file system has no file locks ({error.strerror})") from error
