"""Strategies of hypothesis that make hostile documents out of valid ones."""

from __future__ import annotations

import copy
import json
import pickle
from collections import deque
from typing import Any

import yaml
from hypothesis import strategies as st

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one in C is ten times as fast."""
DEEP_LIST: Any = []
for _ in range(60):
    DEEP_LIST = [DEEP_LIST]
DEEP_MAPPING: Any = 1
for _ in range(60):
    DEEP_MAPPING = {"a": DEEP_MAPPING}

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.5, 1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"),
    "", " ", "a", "0", "-1", "1e999", "nan", "null", "true", "12:30",
    "\0", "\x1b[31m", "\r\n", "\ud800", "\u202e", "\ufeff",
    "../../etc/passwd", "/dev/zero", "~", "${HOME}", "${", "{{", "{% for i in range(10**9) %}x{% endfor %}", "(a+)+$",
    "a -> b", "a -> a", "a + b", "->", "[", "<script>", "\\write18{ls}", "x" * 5000, "9" * 5000,
    [], [[]], [None], [1], ["a"], [{}], {}, {"": ""}, {"a": 1}, {"a": None}, {"kind": "x"}, {"name": 1}, [0] * 1000,
    DEEP_LIST, DEEP_MAPPING,
)  # fmt: skip
"""What a place of a document is replaced by."""

PIECES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"\r", b"\n\n", b"{", b"}", b"[", b"]", b'"', b"'",
    b":", b",", b"&a ", b"*a ", b"!!python/name:os ", b"\t", b"---\n", b"%", b"9" * 400, b"1e999", b"\xed\xa0\x80",
    b"NaN", b"- " * 60, b"[" * 300,
)  # fmt: skip
"""What is inserted into bytes."""


def places(document: Any, limit: int = 4000) -> list[tuple[Any, Any]]:
    """Return (container, key) of the values of a document, breadth first, at most `limit`."""
    found: list[tuple[Any, Any]] = []
    open_ = deque([document])
    while open_ and len(found) < limit:
        node = open_.popleft()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        found += [(node, key) for key in keys]
        open_ += [node[key] for key in keys]
    return found


@st.composite
def trees(draw: st.DrawFn, document: Any) -> Any:
    """A document with one to three places replaced, removed, repeated, renamed or exchanged."""
    changed = pickle.loads(pickle.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        known = places(changed)
        if not known:
            return draw(st.sampled_from(VALUES))
        node, key = known[draw(st.integers(0, len(known) - 1))]
        action = draw(st.sampled_from(("replace", "replace", "replace", "remove", "repeat", "rename", "swap", "wrap")))
        if action == "replace":
            node[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif action == "remove":
            del node[key]
        elif action == "wrap":
            node[key] = [node[key]] if draw(st.booleans()) else {"a": node[key]}
        elif action == "repeat" and isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        elif action == "rename" and isinstance(node, dict):
            names = ("", "a", "name", "\0", "é", key * 2 if len(key) < 50 else "b")
            node[str(draw(st.sampled_from(names)))] = node.pop(key)
        else:
            other, place = known[draw(st.integers(0, len(known) - 1))]
            node[key] = copy.deepcopy(other[place])
    return changed


NUMBERS = (0, -1, 1, 2, 3, 0.5, -0.5, 1.5, 1e-300, 1e308, -1e308, 2**53, 10**18)
TEXTS = (
    "", " ", "a", "\0", "\x1b[31m", "\u202e", "<b>", "|", "a -> b", "base", "\\", "%", "../..", "x" * 300, "\n", "{}",
)  # fmt: skip


@st.composite
def same_types(draw: st.DrawFn, document: Any) -> Any:
    """A document whose values keep their types but contradict one another, up to five of them."""
    changed = pickle.loads(pickle.dumps(document))
    for _ in range(draw(st.integers(1, 5))):
        known = places(changed)
        if not known:
            return changed
        node, key = known[draw(st.integers(0, len(known) - 1))]
        value = node[key]
        others = [container[place] for container, place in known if type(container[place]) is type(value)]
        if draw(st.integers(0, 4)) == 0 and not (isinstance(node, dict) and isinstance(value, int | float | bool)):
            del node[key]
        elif isinstance(value, str) and draw(st.booleans()):
            node[key] = draw(st.sampled_from(TEXTS))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            node[key] = type(value)(draw(st.sampled_from(NUMBERS)))
        elif isinstance(node, dict) and isinstance(value, dict | list) and draw(st.booleans()):
            node[draw(st.sampled_from(TEXTS))] = node.pop(key)
        else:
            node[key] = copy.deepcopy(draw(st.sampled_from(others)))
    return changed


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes that are cut, repeated, flipped or mixed with odd pieces."""
    for _ in range(draw(st.integers(1, 3))):
        if not content:
            return content
        place = draw(st.integers(0, len(content) - 1))
        action = draw(st.sampled_from(("cut", "insert", "insert", "flip", "drop", "repeat")))
        if action == "cut":
            content = content[:place]
        elif action == "insert":
            content = content[:place] + draw(st.sampled_from(PIECES)) + content[place:]
        elif action == "flip":
            content = content[:place] + bytes([content[place] ^ draw(st.integers(1, 255))]) + content[place + 1 :]
        elif action == "drop":
            content = content[:place] + content[place + draw(st.integers(1, 50)) :]
        else:
            content = content[:place] + content[place : place + 100] * draw(st.integers(2, 20)) + content[place:]
    return content


def json_bytes(value: Any) -> bytes:
    """Write JSON as Python does, with NaN, infinities and lone surrogates as they come."""
    return json.dumps(value).encode()


def yaml_bytes(value: Any) -> bytes:
    """Write YAML; what YAML cannot write is left to `damaged`."""
    try:
        return yaml.dump(value, Dumper=DUMPER, sort_keys=False, encoding="utf-8")
    except UnicodeEncodeError:  # halves of characters, which the one in Python escapes
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=False).encode()


def documents(examples: tuple[Any, ...], write: Any) -> st.SearchStrategy[bytes]:
    """Files made of one of the examples, wrong in their values or in their bytes."""
    whole = st.sampled_from(examples)
    changed = whole.flatmap(trees).map(write)
    alike = whole.flatmap(same_types).map(write)
    return st.one_of(changed, changed, alike, alike, whole.map(write).flatmap(damaged), changed.flatmap(damaged))


def files(examples: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Damaged copies of whole files."""
    return st.sampled_from(examples).flatmap(damaged)
