"""What MODEL of `xdomain eval` may be, outside of the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.core.errors import ConfigError
from xdomain.resolve.model_forms import model_source


def adapter(folder: Path, config: str) -> str:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(config)
    return str(folder)


def test_forms(tmp_path: Path) -> None:
    assert model_source("hub:owner/name", None) == {"hub": "owner/name", "revision": None}
    assert model_source("hub:owner/name@abc", "other") == {"hub": "owner/name", "revision": "abc"}
    assert model_source("hub:owner/name", "v1") == {"hub": "owner/name", "revision": "v1"}
    assert model_source("some/file.gguf", None) == {"gguf": "some/file.gguf"}
    assert model_source(str(tmp_path), None) == {"path": str(tmp_path)}
    endpoint = {"base_url": "https://host/v1", "model": "owner/name"}
    assert model_source("https://host/v1#owner/name", None) == {"endpoint": endpoint}


def test_an_adapter_brings_its_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a relative base may also lie below the working directory, where here is none
    base = tmp_path / "base"
    base.mkdir()
    for text, expected in (
        (str(base), {"path": str(base)}),
        ("../base", {"path": str(tmp_path / "absolute_no" / ".." / "base")}),
        ("owner/name", {"hub": "owner/name", "revision": "r1"}),
    ):
        folder = tmp_path / text.replace("/", "_")
        found = model_source(adapter(folder, json.dumps({"base_model_name_or_path": text, "revision": "r1"})), None)
        assert found.pop("adapter") == str(folder)
        if "path" in found:
            assert Path(found["path"]).resolve() == Path(expected["path"]).resolve()
        else:
            assert found == expected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{}", "does not name its base model"),
        ('{"base_model_name_or_path": ""}', "does not name its base model"),
        ('{"base_model_name_or_path": "/gone/base"}', 'the base model "/gone/base" of the adapter does not exist'),
        ('{"base_model_name_or_path": "./gone"}', "does not exist"),
        ("{", "is not JSON"),
    ],
)
def test_an_adapter_without_its_base(config: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        model_source(adapter(tmp_path / "adapter", config), None)


def test_nothing_of_the_kind(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a stage of the store, a folder"):
        model_source(str(tmp_path / "nothing"), None)
    with pytest.raises(ConfigError, match="names an endpoint but no model"):
        model_source("http://host/v1", None)
