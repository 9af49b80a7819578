"""Files that are whole or absent."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from xdomain.core.errors import StoreError, refusal
from xdomain.core.files import (
    read_json,
    remove,
    sync_tree,
    write_atomic,
    write_json,
    write_private,
    writing,
)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    with pytest.raises(TypeError):
        write_atomic(path, 3)  # type: ignore[arg-type]
    assert json.loads(path.read_text()) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["value.json"]


@pytest.mark.parametrize("durable", [True, False])
def test_folders_are_made_and_text_is_utf8(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / "text"
    write_atomic(path, "é", durable=durable)
    assert path.read_bytes() == "é".encode()
    write_atomic(path, b"\xff", durable=durable)
    assert path.read_bytes() == b"\xff"
    sync_tree(tmp_path)


def test_json_has_sorted_keys_and_ends_in_a_line_break(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {"b": 1, "a": None})
    assert (tmp_path / "x").read_text() == '{"a": null, "b": 1}\n'


def test_others_may_read_a_file_as_the_umask_says(tmp_path: Path) -> None:
    write_json(tmp_path / "x", 1)
    (tmp_path / "plain").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("data", [b"", b"[" * 200_000, b"\xff", b"1" * 5000])
def test_what_is_no_json_is_a_value_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ValueError, match=r"nested|Expecting|decode|Exceeds"):
        read_json(tmp_path / "x")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "large"])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_text('"more than ten bytes"')
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.name)
    with pytest.raises(ValueError, match=r"regular file|larger than"):
        read_json(path, 10)
    remove(path)
    assert not os.path.lexists(path)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    remove(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "x")


def test_a_private_file_is_new_and_nobody_elses(tmp_path: Path) -> None:
    write_private(tmp_path / "x", "secret")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "x", "again")


def test_what_the_file_system_refuses_is_said_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = r"file/below: cannot be written: Not a directory\. Go elsewhere\."
    with pytest.raises(StoreError, match=refused), writing("Go elsewhere."):
        write_atomic(tmp_path / "file" / "below", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"folder: cannot be written: Is a directory"), writing("Go elsewhere."):
        write_atomic(tmp_path / "folder", "text")


def test_what_may_be_our_fault_is_passed_on() -> None:
    assert refusal(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
    with pytest.raises(FileNotFoundError), writing(""):
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")
    full = refusal(OSError(errno.ENOSPC, "No space left on device", "x"))
    assert full is not None
    assert (full.exit_code, full.paragraph()) == (2, "x: cannot be used: No space left on device.")
