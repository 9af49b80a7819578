"""What a session hands to its workers is private, and does not outlive it for long."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from xdomain.core.process import host_identity
from xdomain.store.session_files import FOLDER, JOBS_MARK, SESSION, SessionFiles, dead_sessions
from xdomain.store.store import Store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_user_reads_them_and_they_go_with_the_session(store: Store) -> None:
    files = SessionFiles(store.root, "ab", outlived=False)
    assert not store.names("work"), "a session without tasks leaves nothing"
    one, two = files.write("base-x", "{}"), files.write("base-x", "[]")
    assert one != two
    assert two.read_text() == "[]"
    assert {mode(path) for path in one.parent.iterdir()} == {0o600}
    assert mode(one.parent) == 0o700
    assert list(dead_sessions(store.root, with_jobs=True)) == [], "it lives"
    files.close()
    assert not store.names("work")


@pytest.mark.parametrize("outlived", [False, True])
def test_a_killed_session_is_found_by_the_next(store: Store, outlived: bool) -> None:
    SessionFiles(store.root, "ab", outlived=outlived).write("base-x", "{}")
    folder = store.root / "work" / f"{FOLDER}ab"
    owner = json.loads((folder / SESSION).read_text())
    (folder / SESSION).write_text(json.dumps(owner | {"started": 1.0}))
    assert (folder / JOBS_MARK).exists() is outlived
    assert list(dead_sessions(store.root, with_jobs=True)) == [folder]
    assert list(dead_sessions(store.root, with_jobs=False)) == ([] if outlived else [folder])


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"pid": 1}'])
def test_a_session_that_says_not_whose_it_is_stays(store: Store, text: str) -> None:
    folder = store.root / "work" / f"{FOLDER}ab"
    folder.mkdir()
    (folder / SESSION).write_text(text)
    assert list(dead_sessions(store.root, with_jobs=True)) == []


def test_a_session_of_another_machine_stays(store: Store) -> None:
    SessionFiles(store.root, "ab", outlived=False).write("base-x", "{}")
    session = store.root / "work" / f"{FOLDER}ab" / SESSION
    owner = json.loads(session.read_text())
    assert owner["host"] == host_identity()
    session.write_text(json.dumps(owner | {"host": "elsewhere", "started": 1.0}))
    assert list(dead_sessions(store.root, with_jobs=True)) == []
