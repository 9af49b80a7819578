"""Work and resume folders move from holder to holder, and nobody reaches a folder that another one has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.published import fill, leased, published
from xdomain.core.files import write_atomic
from xdomain.plan.stage import StageSpec
from xdomain.store.lease import Lease, acquire
from xdomain.store.store import Store
from xdomain.store.workplace import hand_over, stage_of


def abandoned(store: Store, stage: StageSpec, text: str = "half") -> Lease:
    """A holder that made something and is then taken for dead."""
    lease = leased(store, stage)
    for folder in (store.work(stage, lease), store.scratch(stage, lease)):
        folder.mkdir(parents=True)
        (folder / "lines.jsonl").write_text(text)
    return lease


def taken_over(store: Store, stage: StageSpec, old: Lease) -> Lease:
    lease = acquire(store.lease_path(stage), old.token)
    assert lease is None, "its own process beats"
    store.lease_path(stage).unlink()  # as if the lease had been removed for dead
    hand_over(store.root, stage.folder, old.token, "new")
    (store.root / "leases" / "unused").touch()
    found = store.take(stage)
    assert found is not None
    return found


def test_what_a_dead_holder_made_is_handed_over(store: Store, stage: StageSpec) -> None:
    old = abandoned(store, stage)
    new = taken_over(store, stage, old)
    for place in (store.work, store.scratch):
        assert (place(stage, new) / "lines.jsonl").read_text() == "half"
        assert not place(stage, old).is_dir()


def test_the_old_holder_cannot_make_its_folder_again(store: Store, stage: StageSpec) -> None:
    old = abandoned(store, stage)
    new = taken_over(store, stage, old)
    with pytest.raises(OSError, match=r"[Nn]ot a directory|File exists"):
        write_atomic(store.work(stage, old) / "checkpoints" / "weights", "of yesterday")
    with pytest.raises(OSError, match="File exists"):
        store.scratch(stage, old).mkdir(parents=True, exist_ok=True)
    assert not old.is_ours()
    assert not store.publish(stage, old, {})
    assert store.publish(stage, new, {})
    assert not store.names("work")
    assert not store.names("scratch")


def test_what_the_old_holder_has_open_is_no_longer_the_successors(store: Store, stage: StageSpec) -> None:
    old = abandoned(store, stage)
    with (store.scratch(stage, old) / "lines.jsonl").open("a") as handle:
        new = taken_over(store, stage, old)
        handle.write(" and late")
    assert (store.scratch(stage, new) / "lines.jsonl").read_text() == "half"


def test_a_rename_is_late_where_the_lease_was_taken_while_it_published(
    store: Store, stage: StageSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old holder stands still after its last look at the lease."""
    old = abandoned(store, stage)
    looked: list[None] = []

    def look() -> bool:
        looked.append(None)
        if len(looked) == 2:
            hand_over(store.root, stage.folder, old.token, "new")
        return len(looked) < 3

    monkeypatch.setattr(old, "is_ours", look)
    assert not store.publish(stage, old, {})
    assert not store.folder(stage).exists()
    assert (store.root / "work" / f"{stage.folder}.new" / "manifest.json").is_file()


def test_a_holder_that_stops_leaves_its_work_to_the_next(store: Store, stage: StageSpec) -> None:
    first = abandoned(store, stage)
    store.give_back(stage, first)
    assert (store.work(stage) / "lines.jsonl").read_text() == "half"
    second = leased(store, stage)
    assert (store.work(stage, second) / "lines.jsonl").read_text() == "half"
    assert not store.work(stage).exists()
    store.give_back(stage, second)


def test_a_lost_lease_leaves_nothing(store: Store, stage: StageSpec) -> None:
    old = abandoned(store, stage)
    new = taken_over(store, stage, old)
    store.work(stage, old).unlink()
    store.work(stage, old).mkdir()
    store.give_back(stage, old)
    assert not store.work(stage).exists()
    assert new.is_ours()


def test_killed_while_it_took_over(store: Store, stage: StageSpec) -> None:
    """Its lease stands, and its predecessor's folders are not moved yet; older ones go."""
    for token, age in (("older", 0), ("old", 100)):
        folder = store.root / "work" / f"{stage.folder}.{token}"
        folder.mkdir()
        (folder / "lines.jsonl").write_text(token)
        os.utime(folder, (age, age))
    hand_over(store.root, stage.folder, "killed", "new")
    assert store.names("work") == {f"{stage.folder}.new", f"{stage.folder}.old"}
    assert (store.root / "work" / f"{stage.folder}.new" / "lines.jsonl").read_text() == "old"
    assert (store.root / "work" / f"{stage.folder}.old").is_file()


def test_only_files_that_grow_are_copied(store: Store, stage: StageSpec) -> None:
    old = abandoned(store, stage)
    states = store.scratch(stage, old) / "checkpoint-4"
    states.mkdir()
    (states / "state").write_text("large")
    before = (states / "state").stat().st_ino
    hand_over(store.root, stage.folder, old.token, "new")
    moved: Path = store.root / "scratch" / f"{stage.folder}.new"
    assert (moved / "checkpoint-4" / "state").stat().st_ino == before
    assert not list(moved.glob("*.copy"))


def test_other_stages_keep_their_folders(store: Store, stage: StageSpec) -> None:
    (store.root / "work" / "train-x-0123456789abcdef.token").mkdir()
    published(store, stage)
    assert store.names("work") == {"train-x-0123456789abcdef.token"}


def test_a_file_in_the_way_stays_in_the_way(store: Store, stage: StageSpec) -> None:
    store.work(stage).write_text("in the way")
    lease = leased(store, stage)
    with pytest.raises(FileExistsError):
        store.work(stage, lease).mkdir(exist_ok=True)
    store.give_back(stage, lease)
    assert store.work(stage).read_text() == "in the way"
    store.work(stage).unlink()
    fill(store, stage)


@pytest.mark.parametrize(
    ("entry", "stage"), [("train-x-01.abc", "train-x-01"), ("train-x-01", "train-x-01"), (".tasks-ab", ".tasks-ab")]
)
def test_entries_belong_to_a_stage(entry: str, stage: str) -> None:
    assert stage_of(entry) == stage
