"""Files that are either whole or absent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_atomic(path: Path, data: str | bytes, *, durable: bool = True) -> None:
    """Write `path` through a temporary file in the same folder, fsync and rename.

    Args:
        durable: False leaves out fsync, where a crash of the machine may take the file, or something else syncs it.
    """
    payload = data.encode("utf-8") if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        descriptor = _create(temporary)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _create(temporary)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(payload)
            handle.flush()
            if durable:
                os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def _create(path: Path) -> int:
    # Unlike those of `tempfile`, readable by whom the umask allows: a store may be shared.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def write_json(path: Path, value: Any, *, durable: bool = True, indent: int | None = None) -> None:
    """Write JSON atomically; NaN is refused, a missing value is null.

    Args:
        indent: for files that people read; it takes Python's own encoder, ten times slower than the one in C.
    """
    write_atomic(path, json.dumps(value, indent=indent, sort_keys=True, allow_nan=False) + "\n", durable=durable)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_tree(folder: Path) -> None:
    """fsync every file below `folder`, then the folders themselves."""
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(os.path.join(root, name), os.O_RDONLY)
        _sync(root, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: str | Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
