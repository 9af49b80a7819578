"""A filled cache gives its items even after the file has changed; an empty one reads the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.domains.base import Split
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.item_cache import PROCESS_ITEMS, ItemCache


def described(path: Path, *, kind: str = "jsonl") -> DomainConfig:
    return DomainConfig.model_validate(
        {
            "name": "sums",
            "source": {"kind": kind, "train": str(path), "test": str(path)},
            "fields": {"question": "question", "gold": "answer"},
            "verifier": {"kind": "number"},
        }
    )


def write(path: Path, answers: range) -> None:
    rows = [{"question": f"What is {n}+0?", "answer": str(n)} for n in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def golds(config: DomainConfig, cache: ItemCache) -> list[str]:
    return sorted(item.gold for item in DataDomain(config, cache).items(Split.TEST))


def test_a_filled_cache_is_used_for_the_same_description_only(tmp_path: Path) -> None:
    cache, config = ItemCache(), described(tmp_path / "rows.jsonl")
    write(tmp_path / "rows.jsonl", range(3))
    cache.fill(config, DataDomain(config).source)
    write(tmp_path / "rows.jsonl", range(5, 7))
    assert golds(config, cache) == ["0", "1", "2"]
    assert golds(config, ItemCache()) == ["5", "6"]
    assert golds(config.model_copy(update={"name": "other"}), cache) == ["5", "6"]


def test_sources_that_start_threads_are_not_kept(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def write_parquet(answers: list[str]) -> None:
        pq.write_table(pa.table({"question": ["What?" for _ in answers], "answer": answers}), tmp_path / "rows.parquet")

    cache, config = ItemCache(), described(tmp_path / "rows.parquet", kind="parquet")
    write_parquet(["1"])
    cache.fill(config, DataDomain(config).source)
    write_parquet(["2"])
    assert golds(config, cache) == ["2"]


def test_nothing_fills_the_cache_of_a_process_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = described(tmp_path / "rows.jsonl")
    for answers in (range(2), range(2, 4)):
        write(tmp_path / "rows.jsonl", answers)
        assert golds(config, PROCESS_ITEMS) == [str(n) for n in answers]
