"""Read files from other sources. Only regular files up to a size limit are read."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
UNITS = ("bytes", "KiB", "MiB", "GiB")


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading. A pipe is refused without waiting for its writer.

    Raises:
        OSError: The file is missing or unreadable, or is a folder, a pipe, a device or a socket.
        ValueError: The path contains a zero byte.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    kind = next((name for is_kind, name in KINDS if is_kind(mode)), "not a file")
    raise OSError(f"it is {kind}, not a regular file")


def read_limited(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes.

    Raises:
        OSError: See `open_regular`. Also raised if the file is larger.
        ValueError: The path contains a zero byte.
    """
    with open_regular(path) as handle:
        is_too_large = os.fstat(handle.fileno()).st_size > limit
        found = b"" if is_too_large else handle.read(limit + 1)
    if is_too_large or len(found) > limit:
        raise OSError(f"it is larger than {size_text(limit)}")
    return found


def size_text(size: int) -> str:
    """Return a number of bytes in the largest unit that divides it: "16 MiB"."""
    power = 0
    while size >= 1024 and size % 1024 == 0 and power < len(UNITS) - 1:
        size, power = size // 1024, power + 1
    return f"{size} {UNITS[power]}"


def why_unreadable(error: OSError | ValueError) -> str:
    """Return the reason why reading failed, without the path, which the caller's message contains."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
