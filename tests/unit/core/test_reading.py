"""Files that others wrote: regular ones only, up to a limit, and never a wait for a pipe's writer."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from xdomain.core.reading import open_regular, read_limited, size_text, why_unreadable


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


def make_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def make_socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    return path


def make_loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_folder, "it is a folder, not a regular file"),
        (make_pipe, "it is a pipe, not a regular file"),
        (make_socket, "No such device or address"),
        (make_loop, "Too many levels of symbolic links"),
        (lambda _: Path("/dev/zero"), "it is a device, not a regular file"),
        (lambda path: path / "none", "No such file or directory"),
        (lambda path: Path(f"{path}\0"), "embedded null byte"),
    ],
)
def test_only_regular_files_are_opened(tmp_path: Path, make, words: str) -> None:
    with pytest.raises((OSError, ValueError)) as caught:
        open_regular(make(tmp_path / "x"))
    assert why_unreadable(caught.value) == words


def test_a_link_to_a_file_is_followed_and_the_limit_is_inclusive(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "x")
    assert read_limited(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="it is larger than 4 bytes"):
        read_limited(tmp_path / "x", 4)


def test_sizes_are_written_in_the_largest_unit_that_divides_them() -> None:
    sizes = [0, 1000, 1024, 1025, 512 * 1024, 3 * 2**30, 2**50]
    assert [size_text(size) for size in sizes] == [
        "0 bytes", "1000 bytes", "1 KiB", "1025 bytes", "512 KiB", "3 GiB", "1048576 GiB"
    ]  # fmt: skip
