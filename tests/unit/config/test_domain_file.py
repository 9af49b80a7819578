"""Domains in YAML files, and the folders that paths count from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xdomain.config.domain_file import BENCHMARKS, anchor, benchmark_file, load_domain_file, with_domain_files
from xdomain.config.experiment import Experiment
from xdomain.config.validation import validate
from xdomain.config.written import Written
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
    written = Written("x.yaml")
    entries = with_domain_files({"domains": ["math", {"file": "sub/sums.yaml"}]}, tmp_path, written)["domains"]
    assert entries[0] == "math"
    assert entries[1]["source"]["test"] == str(tmp_path / "sub" / "t.jsonl")
    assert written.place(("domains", 1, "source", "test")) == f"{tmp_path}/sub/sums.yaml:3:60: source.test"
    written.refuse()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "nothings.yaml").touch()
    written = Written("x.yaml")
    with_domain_files({"domains": [{"file": "nothing.yaml"}]}, tmp_path, written)
    words = r'x\.yaml: domains\.0\.file: there is no domain file "nothing\.yaml".*Did you mean "nothings\.yaml"\?'
    with pytest.raises(ConfigError, match=words):
        written.refuse()


def test_a_file_stands_alone() -> None:
    data = {"name": "x", "model": {"path": "m"}, "domains": [{"file": "a.yaml", "limit": 3}], "curricula": []}
    with pytest.raises(ConfigError, match=r"domains\.0: `file` should be a path and the only key. Remove `limit`"):
        validate(Experiment, data, "x.yaml")


def test_mistakes_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(TEXT.replace("verifier:", "verifer:"))
    with pytest.raises(ConfigError, match=r'd\.yaml.*unknown key "verifer"\. Did you mean "verifier"\?'):
        load_domain_file(path)


@pytest.mark.parametrize("domains", [None, "math", 3, {"math": {}}])
def test_what_is_no_list_is_left_to_validation(domains: Any, tmp_path: Path) -> None:
    assert with_domain_files({"domains": domains}, tmp_path, Written("x")) == {"domains": domains}


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
