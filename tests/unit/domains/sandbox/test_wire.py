"""Values on the wire; tests/property/test_sandbox_wire.py has arbitrary ones."""

from __future__ import annotations

import json
import time
from collections import Counter, OrderedDict, deque, namedtuple
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from xdomain.domains.sandbox.wire import CandidateError, Codec

Point = namedtuple("Point", "x y")


class Node:
    def __init__(self, value: int, rest: Node | None = None) -> None:
        self.value, self.rest = value, rest


def sent(value: Any, codec: Codec | None = None) -> Any:
    codec = codec or Codec()
    message, _ = codec.pack(value)
    return codec.unpack(json.loads(json.dumps(message)))[0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        2**5000,
        -0.5,
        "é\ud800",
        (1, [2]),
        {(1, 2): {3}},
        frozenset({1}),
        deque([1], 3),
        b"\x00",
        bytearray(b"a"),
        1j,
        range(3),
        Counter("aab"),
        OrderedDict(b=1, a=2),
        date(2026, 11, 28),
        Decimal("1.10"),
        Fraction(1, 3),
        int,
        sorted,
    ],
)
def test_plain_values_arrive_with_their_types(value: Any) -> None:
    found = sent(value)
    assert type(found) is type(value)
    assert found == value


def test_named_tuples_keep_their_fields() -> None:
    assert sent(Point(1, 2)).y == 2


def test_shared_and_cyclic_structure_survives() -> None:
    shared: list[Any] = [1]
    found = sent([shared, shared])
    assert found[0] is found[1]
    loop: list[Any] = []
    loop.append(loop)
    assert sent(loop)[0][0] is not None


def test_a_long_linked_list_needs_no_recursion() -> None:
    first = None
    for value in range(5000):
        first = Node(value, first)
    found = sent(first, Codec({"Node": Node}))
    for value in reversed(range(5000)):
        assert found.value == value
        found = found.rest


def test_changes_in_place_are_made_in_the_known_objects() -> None:
    codec, numbers = Codec(), [1]
    _, order = codec.pack([numbers])
    changed, _ = codec.pack([[1, 9]])
    codec.unpack(changed, order)
    assert order[0] == [[1, 9]]


@pytest.mark.parametrize("value", [object(), lambda: 1, open, Node(1)])
def test_what_has_no_plain_copy_is_refused(value: Any) -> None:
    with pytest.raises(CandidateError, match="no plain value"):
        Codec().pack(value)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"root": [0], "nodes": []},
        {"root": {"a": 1}, "nodes": []},
        {"root": [0], "nodes": [["builtin", "eval"]]},
        {"root": [0], "nodes": [["library", [[1]], "os", "system"], ["str", "ls"]]},
        {"root": [0], "nodes": [["library", [[1], 1], "fractions", "Fraction"], ["str", "1e999999999"]]},
        {"root": [0], "nodes": [["object", "Unknown", []]]},
        {"root": [0], "nodes": [["tuple", [[0]]]]},
    ],
)
def test_lies_are_told_from_messages(message: dict[str, Any]) -> None:
    with pytest.raises(CandidateError):
        Codec().unpack(message)


ALIKE = [place * ((1 << 61) - 1) for place in range(10_000)]
"""Integers that have the hash 0."""

DOUBLED = [["tuple", [1, 1]], *(["tuple", [[place], [place]]] for place in range(60))]
"""The last has 2 ** 61 parts, and so has its hash."""


@pytest.mark.parametrize(
    "nodes",
    [
        [["set", ALIKE]],
        [["frozenset", ALIKE]],
        [["dict_keys", ALIKE]],
        [["dict", [[key, 1] for key in ALIKE]]],
        [["dict_items", [[place] for place in range(1, 10_001)]], *(["tuple", [key, 1]] for key in ALIKE)],
        [["set", [[61]]], *(["tuple", [1, 1] if place == 0 else [[place], [place]]] for place in range(61))],
        [*DOUBLED, ["dict", [[[60], 1]]]],
        [*DOUBLED, ["frozenset", [[60]]]],
        [["library", [[1], [2]], "fractions", "Fraction"], *(["int", hex((1 << 2_000_000) + k)] for k in (1, 3))],
    ],
)
def test_values_that_take_endless_time_are_refused_at_once(nodes: list[Any]) -> None:
    started = time.monotonic()
    with pytest.raises(CandidateError):
        Codec().unpack({"root": [len(nodes) - 1], "nodes": nodes})
    assert time.monotonic() - started < 2


def test_large_sets_and_shared_tuples_are_no_attack() -> None:
    shared = (1, (2, 3))
    value = {"set": set(range(50_000)), "keys": {(place, shared): place for place in range(5_000)}}
    assert Codec().unpack(Codec().pack(value)[0])[0] == value
