"""Hugging Face data sets, read from a local folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.domain_source import HfSource
from xdomain.core.errors import ConfigError, DataError
from xdomain.domains.sources.hf import HfRows


def test_a_data_set_of_the_hub_is_pinned() -> None:
    with pytest.raises(ConfigError, match="needs a pinned `revision`"):
        HfRows(HfSource(kind="hf", id="a/b", train="train"))
    pinned = HfRows(HfSource(kind="hf", id="a/b", revision="0" * 40, train="train", test="test"))
    assert pinned.parts() == ("train", "test")
    assert pinned.identity() == {"kind": "hf", "id": "a/b", "revision": "0" * 40, "train": "train", "test": "test"}


def test_a_local_folder_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"q": "1+1", "a": "2"}\n{"q": "1+2", "a": "3"}\n')
    source = HfRows(HfSource(kind="hf", id=str(tmp_path), train="train"))
    rows = source.rows("train")
    assert [dict(row.values) for row in rows] == [{"q": "1+1", "a": "2"}, {"q": "1+2", "a": "3"}]
    assert rows[1].where.endswith("/train:2")
    before = source.identity()
    (tmp_path / "train.jsonl").write_text('{"q": "1+1", "a": "4"}\n')
    assert source.identity() != before
    with pytest.raises(DataError, match="cannot be loaded"):
        HfRows(HfSource(kind="hf", id=str(tmp_path), train="none")).rows("train")
