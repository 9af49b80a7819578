"""Files that are either whole or absent."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdomain.core.errors import StoreError

LARGEST_JSON = 256 << 20
"""Bytes of a JSON file of ours that are read; larger ones are none of ours."""


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


def write_private(path: Path, text: str) -> None:
    """Write a new file that only this user may read.

    Raises:
        FileExistsError: something is there already.
    """
    with os.fdopen(_create(path, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)


def _create(path: Path, mode: int = 0o666) -> int:
    # Unlike those of `tempfile`, readable by whom the umask allows: a store may be shared.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def write_json(path: Path, value: Any, *, durable: bool = True, indent: int | None = None) -> None:
    """Write JSON atomically; NaN is refused, a missing value is null.

    Args:
        indent: for files that people read; it takes Python's own encoder, ten times slower than the one in C.
    """
    write_atomic(path, json.dumps(value, indent=indent, sort_keys=True, allow_nan=False) + "\n", durable=durable)


def read_json(path: Path, most_bytes: int = LARGEST_JSON) -> Any:
    """Return the value in a JSON file.

    Raises:
        ValueError: it is no JSON, nested too deeply, too large, or something else than a regular file.
        OSError: it cannot be read.
    """
    try:
        return json.loads(read_regular(path, most_bytes))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_regular(path: Path, most_bytes: int = LARGEST_JSON) -> bytes:
    """Return the bytes of a regular file. A pipe, a device, a socket or a folder is refused without waiting for it.

    Raises:
        ValueError: it is too large, or something else than a regular file.
        OSError: it cannot be read.
    """
    # O_NONBLOCK: opening a pipe would wait for its writer.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link to itself, a socket
            raise ValueError("it is not a regular file") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        with os.fdopen(os.dup(descriptor), "rb") as handle:
            data = handle.read(most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(data) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes} bytes")
    return data


def remove(path: Path) -> None:
    """Remove whatever is there: a file, a link, a pipe, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(folder: Path, fix: str = "Choose another folder, or make room in this one.") -> Iterator[None]:
    """Turn an error of the file system into one paragraph.

    Args:
        folder: Folder that is written into.
        fix: What the user can do.

    Raises:
        StoreError: a file or folder in it cannot be written.
    """
    try:
        yield
    except OSError as error:
        where = str(error.filename or folder)
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=where, fix=fix) from error


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
