"""YAML files as mappings, with variables of the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xdomain.config.yaml_file import LARGEST_FILE, read_yaml
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1, 2", r"x\.yaml:1:9: is not YAML"),
        (b"a: 1\n  b: 2", r"x\.yaml:2:4: is not YAML: a \": \" follows a text that cannot be a key"),
        (b"- a", "should be a mapping"),
        (b"", "is empty"),
        (b"a: 1\nb: \xff", r"x\.yaml:2: cannot be read as UTF-8: invalid start byte"),
        ("a: 1".encode("utf-16"), r"x\.yaml:1: cannot be read as UTF-8"),
        (b"#" * (LARGEST_FILE + 1), r"x\.yaml: cannot be read: it is larger than 512 KiB"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read_yaml(tmp_path / "x.yaml")


def test_only_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    for path, words in {
        tmp_path: "it is a folder",
        tmp_path / "pipe.yaml": "it is a pipe",
        tmp_path / "loop.yaml": "Too many levels of symbolic links",
        Path("/dev/zero"): "it is a device",
        Path("zero\0byte"): "embedded null byte",
        tmp_path / "none.yaml": "there is no such file",
    }.items():
        with pytest.raises(ConfigError, match=words):
            read_yaml(path)


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(tmp_path / "x.yaml") == {"a": 1}


def test_nothing_is_built_from_tags(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: !!python/object/apply:os.getcwd []")
    with pytest.raises(ConfigError, match=r"x\.yaml:1:4: holds the tag"):
        read_yaml(tmp_path / "x.yaml")
