"""A store that an earlier version wrote is refused by every command in one paragraph, and left as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.small_grid import write_experiment, xdomain
from xdomain.core.errors import StoreError
from xdomain.core.fingerprint import file_digest, fingerprint
from xdomain.store.store import SCHEMA_VERSION, Store

PAYLOAD = {"kind": "base", "version": 1, "model": {"preset": "tiny_qwen3"}, "dtype": "float32"}
KEY = fingerprint(PAYLOAD)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A finished base and what lies around it, as schema 1 filed them: an evaluation's fields were not grouped."""
    store = tmp_path / "store"
    evaluation = {
        "kind": "evaluate",
        "version": 1,
        "checkpoint": {"stage": KEY, "step": 0},
        "domain": {"name": "logic", "pipeline": 1, "scorer": "text/1"},
        "items": 24,
        "samples": 2,
        "backend": "transformers",
    }
    noted = {}
    for title, payload, needs in (
        ("base tiny_qwen3", PAYLOAD, []),
        ("base on logic", evaluation, [KEY]),
    ):
        key, kind = fingerprint(payload), payload["kind"]
        folder = store / "stages" / f"{kind}-{title.replace(' ', '-').replace('_', '-')}-{key[:16]}"
        folder.mkdir(parents=True)
        done = {"summary": {"seconds": 1.0, "warmup_steps": 0}, "seconds": 1.0, "provenance": {}}
        stage = {"key": key, "kind": kind, "title": title, "payload": payload, "needs": needs, "done": done}
        (folder / "stage.json").write_text(json.dumps(stage))
        (folder / "manifest.json").write_text(json.dumps({"stage.json": file_digest(folder / "stage.json")}))
        (folder / "done.json").write_text(json.dumps(done))
        noted[key] = {"kind": kind, "title": title}
    (store / "experiments").mkdir()
    (store / "experiments" / "small.json").write_text(json.dumps(noted))
    (store / "store.json").write_text('{"schema": 1}')
    return store


def contents(store: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(store)): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in sorted(store.rglob("*"))
    }


@pytest.mark.parametrize(
    "command",
    [
        "grid plan FILE",
        "grid run FILE",
        "grid status FILE",
        "grid gc FILE --yes",
        "grid retry FILE",
        "grid export FILE",
        "grid logs base",
        "grid cancel base",
        "report FILE",
        "eval base* --domains logic",
    ],
)
def test_every_command_refuses_it_and_leaves_it(earlier: Path, tmp_path: Path, command: str) -> None:
    experiment = write_experiment(tmp_path / "file")
    before = contents(earlier)
    words = [str(experiment) if word == "FILE" else word for word in command.split()]
    ended = xdomain(*words, "--store", earlier, code=2)
    assert contents(earlier) == before
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1
    assert f"an earlier version of xdomain wrote this store (schema 1; this version has {SCHEMA_VERSION})" in (
        ended.stderr
    )
    assert "--store" in ended.stderr
    assert "None" not in ended.stderr


def test_a_new_store_says_its_schema_and_is_opened_again(tmp_path: Path) -> None:
    Store(tmp_path / "store").create()
    assert json.loads((tmp_path / "store" / "store.json").read_text()) == {"schema": SCHEMA_VERSION}
    Store(tmp_path / "store")


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION - 1, SCHEMA_VERSION + 1, "2", None, 2.5])
def test_other_versions_are_refused(tmp_path: Path, version: object) -> None:
    (tmp_path / "store.json").write_text(json.dumps({"schema": version}))
    with pytest.raises(StoreError, match="schema"):
        Store(tmp_path)
