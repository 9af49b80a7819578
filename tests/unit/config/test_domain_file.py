"""Domains in YAML files, and the folders that paths count from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xdomain.config.domain_file import BENCHMARKS, anchor, benchmark_file, load_domain_file, with_domain_files
from xdomain.core.errors import ConfigError

TEXT = """
name: sums
source: {kind: jsonl, train: [data/a.jsonl, /abs/b.jsonl], test: t.jsonl}
fields: {gold: answer, question: q}
verifier: number
"""


def test_paths_count_from_the_domains_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "sums.yaml").write_text(TEXT)
    source = load_domain_file(tmp_path / "sub" / "sums.yaml").source.model_dump()
    assert source["train"] == (str(tmp_path / "sub" / "data" / "a.jsonl"), "/abs/b.jsonl")
    entries = with_domain_files({"domains": ["math", {"file": "sub/sums.yaml"}]}, tmp_path)["domains"]
    assert entries[0] == "math"
    assert entries[1]["source"]["test"] == str(tmp_path / "sub" / "t.jsonl")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml: there is no such domain file"):
        with_domain_files({"domains": [{"file": "nothing.yaml"}]}, tmp_path)


def test_mistakes_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(TEXT.replace("verifier:", "verifer:"))
    with pytest.raises(ConfigError, match=r'd\.yaml.*unknown key "verifer"\. Did you mean "verifier"\?'):
        load_domain_file(path)


@pytest.mark.parametrize("domains", [None, "math", 3, {"math": {}}])
def test_what_is_no_list_is_left_to_validation(domains: Any, tmp_path: Path) -> None:
    assert with_domain_files({"domains": domains}, tmp_path) == {"domains": domains}


def test_sources_that_read_no_files_keep_their_text() -> None:
    entry = {"source": {"kind": "hf", "id": "a/b", "train": "train"}}
    assert anchor(entry, Path("/f")) == entry


def test_functions_and_plugins_are_told_the_folder(tmp_path: Path) -> None:
    found = anchor({"source": "parchment", "verifier": {"function": "m:f"}, "reward": "cgpo"}, tmp_path)
    assert found["source"] == {"kind": "parchment", "folder": str(tmp_path)}
    assert found["verifier"] == {"folder": str(tmp_path), "function": "m:f"}
    assert found["reward"] == "cgpo"


def test_benchmarks_are_named_by_their_files() -> None:
    assert benchmark_file("gsm8k") == BENCHMARKS / "gsm8k.yaml"
    assert benchmark_file("../gsm8k") is None
