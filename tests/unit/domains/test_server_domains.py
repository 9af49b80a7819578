"""Data that a worker server reads once for its workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.server_domains import VARIABLE, read_server_domains, write_server_domains


def entry(path: Path) -> DomainConfig:
    source = {"kind": "jsonl", "train": str(path), "test": str(path)}
    return DomainConfig.model_validate(
        {"name": path.stem, "source": source, "verifier": "text", "fields": {"gold": "answer", "question": "question"}}
    )


def write_rows(path: Path, answer: str) -> None:
    rows = [{"question": f"Question {number}?", "answer": answer} for number in range(4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def golds(config: DomainConfig) -> set[object]:
    return {item.gold for item in build_domain(config).items(Split.TEST)}


def test_what_the_server_read_is_handed_out_and_the_rest_is_read_by_each_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, other, missing = (tmp_path / f"{name}.jsonl" for name in ("listed", "other", "missing"))
    for path in (listed, other):
        write_rows(path, "before")
    write_server_domains((entry(listed), entry(missing), "logic"), tmp_path / "domains.json")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "domains.json"))
    read_server_domains()
    for path in (listed, other):
        write_rows(path, "after")
    assert golds(entry(listed)) == {"before"}
    assert golds(entry(other)) == {"after"}


def test_a_server_that_was_told_nothing_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tmp_path / "untold.jsonl"
    write_rows(path, "before")
    read_server_domains()
    write_rows(path, "after")
    assert golds(entry(path)) == {"after"}
