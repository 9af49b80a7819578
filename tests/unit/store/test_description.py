"""Descriptions of stages that nobody of ours wrote are refused before anything relies on them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from tests.support.published import published
from xdomain.core.errors import DamagedArtifact
from xdomain.core.files import write_json
from xdomain.plan.stage import StageSpec
from xdomain.store.artifact import DONE, MANIFEST, damaged_file, digests, read_description
from xdomain.store.description import STAGE, amount, description, require_shape
from xdomain.store.history import estimate_seconds
from xdomain.store.store import Store
from xdomain.store.stored import read_stage


def rewritten(folder: Path, text: str) -> Path:
    """Replace what a stage says, in a way that its manifest agrees with."""
    (folder / STAGE).write_text(text)
    write_json(folder / MANIFEST, digests(folder))
    return folder


def test_every_kind_of_stage_describes_itself(store: Store) -> None:
    for stage in make_plan().stages.values():
        folder = published(store, stage, summary={}, seconds=1)
        assert description(folder)["key"] == stage.key


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "[" * 200_000, "{}", '{"key": 1}', '{"kind": "other"}', "1" * 5000, "\x00"]
)
def test_odd_text(store: Store, stage: StageSpec, text: str) -> None:
    assert_refused(store, rewritten(published(store, stage), text))


ODD = [
    {"needs": [1]}, {"needs": "x"}, {"done": []}, {"title": None}, {"kind": "evaluate"}, {"kind": "train"},
    {"payload": {}}, {"payload": []}, {"key": "0" * 64},
]  # fmt: skip


@pytest.mark.parametrize("changes", ODD, ids=str)
def test_odd_values(store: Store, stage: StageSpec, changes: dict[str, Any]) -> None:
    folder = published(store, stage)
    said = json.loads((folder / STAGE).read_text())
    assert_refused(store, rewritten(folder, json.dumps(said | changes)))


def assert_refused(store: Store, folder: Path) -> None:
    with pytest.raises(DamagedArtifact, match="describes no stage"):
        read_description(folder)
    assert read_stage(folder) is None
    assert store.find("title of another") == []
    with pytest.raises(DamagedArtifact):
        store.find(folder.name)


@pytest.mark.parametrize("name", [STAGE, MANIFEST])
@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "missing"])
def test_what_is_no_file(store: Store, stage: StageSpec, name: str, kind: str) -> None:
    path = published(store, stage) / name
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    assert damaged_file(path.parent) == name
    with pytest.raises(DamagedArtifact, match=f'"{name}" is damaged'):
        store.open_artifact(stage)
    (path.parent / DONE).unlink()
    lease = store.take(stage)
    assert lease is not None
    assert not store.settle(stage, lease)
    assert not path.parent.exists()


@pytest.mark.parametrize("manifest", ['[["a", "b"]]', '{"../../store.json": "x"}', '{"/etc/passwd": "x"}', "[" * 9**6])
def test_odd_manifests(store: Store, stage: StageSpec, manifest: str) -> None:
    folder = published(store, stage)
    (folder / MANIFEST).write_text(manifest)
    assert damaged_file(folder) == MANIFEST


def test_a_manifest_of_odd_names_and_digests(store: Store, stage: StageSpec) -> None:
    folder = published(store, stage)
    for manifest in ({"a" * 5000: "x"}, {"a\0b": "x"}, {STAGE: 7}, {STAGE: None}):
        (folder / MANIFEST).write_text(json.dumps(manifest))
        assert damaged_file(folder) in manifest


def test_a_file_where_a_published_folder_should_be(store: Store, stage: StageSpec) -> None:
    store.folder(stage).write_text("in the way")
    lease = store.take(stage)
    assert lease is not None
    assert not store.settle(stage, lease)
    assert not store.folder(stage).exists()


@pytest.mark.parametrize("seconds", ["x", None, True, -1, 10**400, [1], float("1e300")])
def test_odd_times_are_not_counted_with(store: Store, stage: StageSpec, seconds: object) -> None:
    assert amount(seconds) is None
    published(store, stage, seconds=seconds)
    estimate_seconds(make_plan(), store, frozenset({stage.key}))


def test_a_shape_says_what_is_missing() -> None:
    require_shape({"a": {"b": 1}, "c": []}, {"a": {"b": int}})
    for value, words in (
        ([], "not a JSON object"),
        ({"a": {}}, "`a.b` is missing"),
        ({"a": {"b": True}}, "`a.b` has an unexpected"),
    ):
        with pytest.raises(ValueError, match=words):
            require_shape(value, {"a": {"b": int}})
