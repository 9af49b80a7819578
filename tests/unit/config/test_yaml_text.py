"""One YAML document as plain values, and every hostile one refused in one paragraph, quickly."""

from __future__ import annotations

import time

import pytest

from xdomain.config.yaml_text import parse_marked, parse_yaml
from xdomain.core.errors import ConfigError

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "\n".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {x: 1}\n" + "\n".join(
    f"{name}: &{name} {{<<: [{','.join(['*' + before] * 10)}]}}"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, r"f:5:\d+: holds more than 50000 values, counting those behind aliases"),
        (MERGE_BOMB, r"f:6:\d+: holds more than 50000 values"),
        ("- \n" * 60_000, r"f:\d+:\d+: holds more than 50000 values"),
        ("a: &a [*a]", r"f:1:8: uses \*a inside the value"),
        ("a: &a\n  b: *a", r"f:2:6: uses \*a inside the value"),
        ("a: *b", r"f:1:4: uses \*b, which no anchor above defines"),
        ("[" * 200_000, "f:1:52: is nested more than 50 levels deep"),
        ("x: " + "{a: " * 200, "nested more than 50 levels deep"),
        ("- " * 2000, "nested more than 50 levels deep"),
        ("? " * 200_000, r"f:1:3: has the key {\.\.\.}, which is not a text"),
        ("{? [1]: 2}", r"f:1:4: has the key \[\.\.\.\], which is not a text"),
        ("a: &a b\n*a : 2", r"f:2:1: has the key \*a, which is not a text"),
        ("1: 2", "f:1:1: has the key 1, which is not a text"),
        ("on: 2", "f:1:1: holds on, which is true in YAML 1.1"),
        ("a: 1\na: 2", 'f:2:1: lists the key "a" twice'),
        ("a: &a {b: 1}\nc: {<<: *a, <<: *a}", "f:2:13: lists the key << twice"),
        ("a: {<<: 3}", "f:1:9: merges a value that is not a mapping"),
        ("a: !!python/name:os.system x", "f:1:4: holds the tag tag:yaml.org,2002:python/name:os.system"),
        ("a: !!int x", "f:1:4: holds the tag"),
        ("a: ! 12", "f:1:4: holds the tag !"),
        ("a: 1\n---\nb: 2", "f:2:1: holds more than one document"),
        ("a: 1\nb: \0", r"f:2:4: is not YAML: it holds the character U\+0000"),
        ("a: \x1b[31m", r"f:1:4: is not YAML: it holds the character U\+001B"),
        ("a: \udcff", r"f:1:4: is not YAML: it holds the character U\+DCFF"),
        (r'a: "\0"', r"f:1:4: holds a text with U\+0000"),
        (r'a: "\ud800"', r"f:1:4: holds a text with U\+D800"),
        (r'a: "\UFFFFFFFF"', "f:1:1: is not YAML: an escape"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "f:1:1: is not YAML: an escape or a directive"),
        ("a: 1\n\tb: 2", "f:2:1: is not YAML"),
        ("a: 'x", "f:1:6: is not YAML"),
        ("a: " + "1" * 6000, "f:1:4: holds the integer 1"),
        ("!" * 500_000, "f:1:1: holds the tag"),
    ],
)
def test_hostile_documents(text: str, words: str) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError, match=words) as caught:
        parse_yaml(text, "f")
    assert time.monotonic() - began < 10
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_aliases_are_copies_and_merge_keys_give_way() -> None:
    found = parse_yaml("a: &a {x: [1], y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [{x: 5}, *a], z: 6}", "f")
    found["b"]["x"].append(7)
    assert found == {
        "a": {"x": [1], "y": 2},
        "b": {"x": [1, 7], "y": 2},
        "c": {"x": [1], "y": 3},
        "d": {"x": 5, "y": 2, "z": 6},
    }


def test_quotes_make_a_text() -> None:
    assert parse_yaml("""{a: "010", b: 'no', "<<": 1, "1": x}""", "f") == {
        "a": "010", "b": "no", "<<": 1, "1": "x"
    }  # fmt: skip


def test_an_empty_document_is_none() -> None:
    assert parse_yaml("# nothing\n", "f") is None


def test_keys_and_entries_have_a_line_and_a_column() -> None:
    _, marks = parse_marked("a:\n  b: [1, 2]\nc:\n- d: 4\n", "f")
    assert marks == {
        ("a",): (1, 1), ("a", "b"): (2, 3), ("a", "b", 0): (2, 7), ("a", "b", 1): (2, 10),
        ("c",): (3, 1), ("c", 0): (4, 3), ("c", 0, "d"): (4, 3),
    }  # fmt: skip
