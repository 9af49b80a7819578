from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import StoreError
from xdomain.plan.origin import Origin
from xdomain.store.last_run import note_last_run, read_last_run
from xdomain.store.store import Store

FIRST = Origin("mine", "a" * 64, ("training.steps=20",))


def test_the_last_run_is_remembered(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.create()
    assert read_last_run(store, "mine") is None
    for origin in (FIRST, Origin("mine", "b" * 64)):
        note_last_run(store, origin)
        assert read_last_run(store, "mine") == origin
    assert read_last_run(store, "other") is None


@pytest.mark.parametrize("text", ["", "[]", '{"name": "mine"}', '{"name": "mine", "file": "a", "settings": 3}'])
def test_a_corrupt_note_is_no_note(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path / "store")
    store.create()
    (store.root / "settings" / "mine.json").write_text(text)
    assert read_last_run(store, "mine") is None


def test_a_store_without_the_folder_gets_it_and_one_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.create()
    (store.root / "settings").rmdir()
    note_last_run(store, FIRST)
    assert read_last_run(store, "mine") == FIRST
    (store.root / "settings" / "mine.json").unlink()
    (store.root / "settings").rmdir()
    (store.root / "settings").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        note_last_run(store, FIRST)
