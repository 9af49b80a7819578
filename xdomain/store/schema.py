"""What a folder must be like to serve as a store: its version, its folders and its file system."""

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
FIRST_VERSION = 1
SCHEMA_VERSION = 2
"""Version of the store's layout. Raise it when keys or the files of stages change their meaning."""
OF_STAGES = ("stages", "work", "scratch", "leases", "failures", "attempts", "logs", DRAWN)
FOLDERS = (*OF_STAGES, "reports", "experiments", "settings")


def require_schema(version: Any, root: Path) -> None:
    """
    Raises:
        StoreError: another version of xdomain wrote the store.
    """
    if type(version) is not int or version < FIRST_VERSION:
        raise StoreError(
            f"its schema version is {shown(version)}, and no version of xdomain wrote that.",
            where=str(root / MARKER),
            fix=f'If the folder is a store of this version, write {{"schema": {SCHEMA_VERSION}}} into this file; else '
            "choose another with --store.",
        )
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"an earlier version of xdomain wrote this store (schema {version}; this version has {SCHEMA_VERSION}). "
            "Its stages have other keys, its verifiers judged by other rules and its items were drawn otherwise, so "
            "they are neither read nor mixed with new ones, and nothing in it was changed.",
            where=str(root),
            fix="Give a new folder with --store. To read the old results, use the version that made them (`done.json` "
            "of each stage names it).",
        )
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {shown(version)}, this version of xdomain reads {SCHEMA_VERSION}.",
            where=str(root),
            fix="Upgrade xdomain, or use another folder with --store.",
        )


def read_schema(marker: Path) -> Any:
    """
    Raises:
        StoreError: the file cannot be read.
    """
    try:
        return read_json(marker, MARKER_BYTES)["schema"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise StoreError(
            "states no schema version: it is damaged, or not a store's.",
            where=str(marker),
            fix=f'If the folder is a store, write {{"schema": {SCHEMA_VERSION}}} into this file; else choose another '
            "with --store.",
        ) from error


def is_being_made(path: Path) -> bool:
    """Whether it is there while a store is made, by another runner at this moment or by one that was killed.

    Its folders are still empty then; one with files in it is somebody's, whatever its name.
    """
    empty = path.name in FOLDERS and path.is_dir() and not any(path.iterdir())
    return empty or path.name.lstrip(".").startswith("store.json")


def require_locks(path: Path) -> None:
    """Lock a file as leases do.

    Raises:
        OSError: the file system has no locks.
    """
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another runner holds it: so there are locks
        except OSError as error:
            raise OSError(error.errno, f"its file system has no file locks ({error.strerror})") from error
