"""Sources as files write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from xdomain.config.domain_source import SOURCES, HfSource, SourceConfig

READ = TypeAdapter(SourceConfig)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"kind": "jsonl"}, "Found none"),
        ({"kind": "csv", "path": "a", "test": "b"}, "Found both"),
        ({"kind": "csv", "path": "a", "delimiter": "::"}, "delimiter"),
        ({"kind": "hf", "id": "a/b", "revision": "main", "train": "train"}, "full commit hash"),
        ({"kind": "hf", "id": "a/b", "revision": "0" * 40}, "either `pool` or some of"),
        ({"kind": "hf", "id": "a/b", "pool": "all", "test": "t"}, "either `pool` or some of"),
        ({"kind": "reasoning_gym", "tasks": []}, "tasks"),
        ({"kind": "reasoning_gym", "tasks": [{"name": "x", "weight": 0}]}, "weight"),
        ({"kind": "jsonI", "path": "a"}, 'Did you mean "json'),
    ],
)
def test_mistakes(source: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        READ.validate_python(source)


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet", "verl"])
def test_files_are_a_pool_or_splits(kind: str) -> None:
    assert READ.validate_python({"kind": kind, "path": ["a", "b"]}).path == ("a", "b")
    assert READ.validate_python({"kind": kind, "train": "a"}).train == "a"
    assert kind in SOURCES.builtin


def test_a_hugging_face_data_set_is_pinned_by_its_commit() -> None:
    assert HfSource(kind="hf", id="a/b", revision="0123456789" * 4, pool="all").revision == "0123456789" * 4
