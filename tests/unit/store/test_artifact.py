"""What a published folder promises: every file has the digest that it was published with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.published import fill, leased, published
from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.core.files import write_json
from xdomain.plan.stage import StageSpec
from xdomain.store.artifact import (
    DONE,
    MANIFEST,
    check_artifact,
    check_checkpoint,
    damaged_file,
    digests,
    read_description,
)
from xdomain.store.store import Store


@pytest.mark.parametrize("whole", [True, False])
def test_killed_between_rename_and_token(store: Store, stage: StageSpec, whole: bool) -> None:
    fill(store, stage)
    lease = leased(store, stage)
    store.publish(stage, lease, {"seconds": 1})
    (store.folder(stage) / DONE).unlink()
    if not whole:
        (store.folder(stage) / "artifact.txt").write_text("torn")
    assert store.done([stage]) == frozenset()
    assert store.settle(stage, lease) is whole
    assert store.folder(stage).exists() is whole


def test_a_flipped_byte_is_found(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {})
    (store.folder(stage) / "artifact.txt").write_text("weighty")
    with pytest.raises(StoreError, match=r'"artifact\.txt" is damaged'):
        store.open_artifact(stage)


def test_digests_leave_out_what_is_written_after_them(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("a.txt", "below/b.txt", MANIFEST, DONE):
        (tmp_path / name).write_text(name)
    assert sorted(digests(tmp_path)) == ["a.txt", "below/b.txt"]


def test_only_what_is_asked_for_is_compared(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    for name in ("a.txt", "records.parquet", "checkpoints/w"):
        (tmp_path / name).write_text(name)
    assert damaged_file(tmp_path) == MANIFEST
    write_json(tmp_path / MANIFEST, digests(tmp_path))
    assert damaged_file(tmp_path) is None
    (tmp_path / "checkpoints" / "w").write_text("torn")
    assert damaged_file(tmp_path) == "checkpoints/w"
    assert damaged_file(tmp_path, checkpoints=False) is None
    assert damaged_file(tmp_path, "records.parquet") is None
    (tmp_path / "records.parquet").unlink()
    assert damaged_file(tmp_path, "records.parquet") == "records.parquet"


def test_what_is_not_published_is_no_damage(store: Store, stage: StageSpec, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not published yet"):
        check_artifact(tmp_path)
    folder = published(store, stage)
    check_artifact(folder)
    assert read_description(folder)["title"] == stage.title


def test_a_checkpoint_that_was_freed(store: Store, stage: StageSpec, tmp_path: Path) -> None:
    folder = published(store, stage)
    with pytest.raises(DamagedArtifact, match="step-2 no longer exists: `grid gc` removed it"):
        check_checkpoint(folder / "checkpoints" / "step-2")
    with pytest.raises(DamagedArtifact, match="is not published"):
        check_checkpoint(tmp_path / "checkpoints" / "step-2")
