"""Files that a configuration names without a plain path."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import ConfigError
from xdomain.core.locate import gguf_path, has_tokenizer


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.txt"])
def test_any_tokenizer_file_makes_a_tokenizers_folder(tmp_path: Path, name: str) -> None:
    assert not has_tokenizer(tmp_path)
    (tmp_path / name).touch()
    assert has_tokenizer(tmp_path)


def test_a_plain_path(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    assert gguf_path(str(tmp_path / "m.gguf")) == tmp_path / "m.gguf"
    with pytest.raises(ConfigError, match="there is no file"):
        gguf_path(str(tmp_path / "other.gguf"))


def test_a_file_inside_a_package() -> None:
    assert gguf_path("package:xdomain/py.typed").name == "py.typed"
    with pytest.raises(ConfigError, match="pip install no-such-package"):
        gguf_path("package:no_such_package/x.gguf")
