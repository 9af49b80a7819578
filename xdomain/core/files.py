"""Write files atomically, so that each is either complete or absent."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdomain.core.errors import refusal
from xdomain.core.reading import read_limited

LARGEST_JSON = 256 << 20
"""Largest size in bytes of a JSON file that is read. xdomain never writes larger ones."""


def write_atomic(path: Path, data: str | bytes, *, durable: bool = True) -> None:
    """Write `path` through a temporary file in the same folder, fsync and rename.

    Args:
        path: File to write.
        data: Content of the file.
        durable: If False, fsync is left out. Use it for a file that may be lost in a crash of the machine, or that is
            synced later.
    """
    payload = data.encode("utf-8") if isinstance(data, str) else data
    try:
        _write(path, payload, durable=durable)
    except OSError as error:
        if error.filename is None or Path(error.filename).parent == path.parent:
            error.filename = str(path)  # the name of the temporary file would not help the user
        raise


def _write(path: Path, payload: bytes, *, durable: bool) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        descriptor = _create(temporary)
    except FileNotFoundError:
        _make_folder(path.parent)
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


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        OSError: The file system refuses; below /proc it says that the folder is missing, which is put in other words.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError:
        raise PermissionError(errno.EACCES, "no folder can be made there", str(folder)) from None


def write_private(path: Path, text: str) -> None:
    """Write a new file that only this user may read.

    Raises:
        FileExistsError: `path` exists already.
    """
    with os.fdopen(_create(path, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)


def _create(path: Path, mode: int = 0o666) -> int:
    # Unlike files of `tempfile`, these have the permissions that the umask allows, because a store may be shared.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def share_weights(folder: Path) -> None:
    """Give the `*.safetensors` files of a folder the permissions that the umask allows. The library makes them 0600."""
    files = list(folder.glob("*.safetensors"))
    if not files:
        return
    probe = folder / f".mode.{os.urandom(8).hex()}"
    with os.fdopen(_create(probe), "wb") as handle:
        mode = os.fstat(handle.fileno()).st_mode & 0o777
    probe.unlink()
    for path in files:
        path.chmod(mode)


def write_json(path: Path, value: Any, *, durable: bool = True, indent: int | None = None) -> None:
    """Write JSON atomically. NaN is refused, and a missing value is null.

    Args:
        path: File to write.
        value: JSON value.
        durable: If False, fsync is left out, see `write_atomic`.
        indent: Indentation for files that people read. It needs Python's encoder, which is ten times slower than C's.
    """
    write_atomic(path, json.dumps(value, indent=indent, sort_keys=True, allow_nan=False) + "\n", durable=durable)


def read_json(path: Path, most_bytes: int = LARGEST_JSON) -> Any:
    """Return the value in a JSON file.

    Raises:
        ValueError: The file is not JSON, is nested too deeply, is too large, or is not a regular file.
        OSError: The file is missing or cannot be read.
    """
    try:
        return json.loads(read_limited(path, most_bytes))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except OSError as error:
        if error.errno in (None, errno.ELOOP, errno.ENXIO):  # not a regular file; a link to itself; a socket
            raise ValueError(str(error) if error.errno is None else "it is not a regular file") from None
        raise


def remove(path: Path) -> None:
    """Remove a file, a link, a pipe, or a folder with its content. A missing path is ignored."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(fix: str) -> Iterator[None]:
    """Turn an error of the file system inside the `with` block into an error for the user.

    Args:
        fix: Sentence that states what the user can do.

    Raises:
        StoreError: A file or folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if (refused := refusal(error, "cannot be written", fix)) is None:
            raise
        raise refused from error


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
