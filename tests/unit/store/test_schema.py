"""What a folder must be like to serve as a store."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest

from xdomain.core.errors import StoreError
from xdomain.store.schema import SCHEMA_VERSION, is_being_made, require_locks, require_schema
from xdomain.store.store import Store


def test_a_newer_store_and_a_foreign_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="schema 99"):
        Store(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="not empty and not a store"):
        Store(other)
    named_alike = tmp_path / "thesis"
    (named_alike / "work" / "chapters").mkdir(parents=True)
    with pytest.raises(StoreError, match="not empty and not a store"):
        Store(named_alike)


def test_a_store_that_is_half_made_is_one(tmp_path: Path) -> None:
    """Another runner is making it at this moment, or was killed in doing so."""
    (tmp_path / "stages").mkdir()
    (tmp_path / ".store.json.0a1b").write_text("{")
    Store(tmp_path).create()
    assert (tmp_path / "store.json").is_file()


def test_a_store_that_cannot_be_written_is_said_before_work_starts(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(StoreError, match="cannot be used as a store"):
        Store(blocker / "store").create()


@pytest.mark.parametrize("text", ["", "[]", '{"other": 1}', "[" * 100_000, '{"schema": 1' + "0" * 5000 + "}"])
def test_a_torn_version_is_refused(store: Store, text: str) -> None:
    (store.root / "store.json").write_text(text)
    with pytest.raises(StoreError, match="no schema version"):
        Store(store.root)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, "an earlier version"),
        (99, "schema 99"),
        (10**400, "schema 1000"),
        *[(odd, "no version of xdomain wrote that") for odd in ("2", 0, -1, True, 1.0, 2.0, None, [2], {"2": 2})],
    ],
)
def test_another_version_is_refused(version: object, words: str, tmp_path: Path) -> None:
    require_schema(SCHEMA_VERSION, tmp_path)
    with pytest.raises(StoreError, match=words):
        require_schema(version, tmp_path)


def test_what_belongs_to_a_store_in_the_making(tmp_path: Path) -> None:
    for name in ("stages", "notes"):
        (tmp_path / name).mkdir()
    assert is_being_made(tmp_path / "stages")
    assert is_being_made(tmp_path / ".store.json.0a1b")
    assert not is_being_made(tmp_path / "notes")
    (tmp_path / "stages" / "mine.txt").touch()
    assert not is_being_made(tmp_path / "stages")


def test_a_file_system_without_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "file").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        require_locks(tmp_path / "file")  # another holds it, so there are locks

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="has no file locks"):
        require_locks(tmp_path / "file")
