"""What of a model and of domains changes numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.resolve.identities import model_identity, resolve_identities


def identity(**settings: Any) -> Any:
    return model_identity(ModelConfig.model_validate(settings))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (made / name).write_text("{}")
    return made


def test_a_folder_is_known_by_its_files_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    before = identity(path=str(folder))
    (folder / "README.md").write_text("no number changes")
    moved = folder.rename(tmp_path / "moved")
    assert identity(path=str(moved)) == before
    (moved / "model.safetensors").write_text("other weights")
    assert identity(path=str(moved)) != before


def test_code_counts_only_where_it_is_run(folder: Path) -> None:
    (folder / "modeling.py").write_text("pass")
    plain, trusted = identity(path=str(folder)), identity(path=str(folder), trust_remote_code=True)
    (folder / "modeling.py").write_text("raise SystemExit")
    assert identity(path=str(folder)) == plain
    assert identity(path=str(folder), trust_remote_code=True) != trusted


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        identity(path=str(tmp_path / "none"))


def test_models_elsewhere_are_known_by_name() -> None:
    assert identity(preset="tiny_qwen3") == {"preset": "tiny_qwen3"}
    assert identity(hub="some/model") == {"hub": "some/model", "revision": "main"}
    assert identity(hub="some/model", revision="abc")["revision"] == "abc"
    endpoint = identity(endpoint={"base_url": "http://127.0.0.1:9/v1", "model": "m"})["endpoint"]
    assert endpoint["model"] == "m"
    assert "timeout_seconds" not in endpoint


def test_warmup_domains_have_an_identity_too() -> None:
    model = {"preset": "tiny_qwen3", "warmup": {"steps": 5, "domains": ["math"]}}
    found = resolve_identities(make_experiment(domains=["logic", "puzzle"], model=model))
    assert set(found.items) == set(found.verifiers) == set(found.rewards) == {"logic", "puzzle", "math"}
    assert found.model == {"preset": "tiny_qwen3"}
