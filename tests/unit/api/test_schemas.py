"""Schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.api.schemas import KINDS, editor_line, kind_of, schema_text, write_schema
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("name: x\ndomains: []\n", "experiment"),
        ("name: x\npairs: []\ndomains: []\n", "study"),
        ("name: x\nsource: {}\n", "domain"),
    ],
)
def test_the_kind_of_a_file_follows_from_its_keys(text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(text)
    assert kind_of(tmp_path / "f.yaml") == (kind, tmp_path)
    assert kind_of(kind) == (kind, Path())


def test_other_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'no schema "experment"\. Did you mean "experiment"'):
        kind_of("experment")
    with pytest.raises(ConfigError, match="no such file"):
        kind_of(tmp_path / "none.yaml")


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_written_for_an_editor(kind: str, tmp_path: Path) -> None:
    path = write_schema(kind, tmp_path)
    assert path == tmp_path / f"{kind}.schema.json"
    assert json.loads(path.read_text()) == json.loads(schema_text(kind))
    assert editor_line(path) == f"# yaml-language-server: $schema={kind}.schema.json"
