"""Files that are whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.core.files import read_json, sync_tree, write_atomic, write_json


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    with pytest.raises(TypeError):
        write_atomic(path, 3)  # type: ignore[arg-type]
    assert json.loads(path.read_text()) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["value.json"]


@pytest.mark.parametrize("durable", [True, False])
def test_folders_are_made_and_text_is_utf8(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / "text"
    write_atomic(path, "é", durable=durable)
    assert path.read_bytes() == "é".encode()
    write_atomic(path, b"\xff", durable=durable)
    assert path.read_bytes() == b"\xff"
    sync_tree(tmp_path)


def test_json_has_sorted_keys_and_ends_in_a_line_break(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {"b": 1, "a": None})
    assert (tmp_path / "x").read_text() == '{"a": null, "b": 1}\n'


def test_others_may_read_a_file_as_the_umask_says(tmp_path: Path) -> None:
    write_json(tmp_path / "x", 1)
    (tmp_path / "plain").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode
