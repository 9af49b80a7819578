"""Values between sandboxes come back equal and of their type. Forged messages are refused."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xdomain.domains.sandbox.wire import CandidateError, Codec

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
HASHABLE = st.recursive(SCALARS, lambda child: st.tuples(child, child) | st.frozensets(child, max_size=3), max_leaves=5)
VALUES = st.recursive(
    HASHABLE,
    lambda child: (
        st.lists(child, max_size=4)
        | st.tuples(child, child)
        | st.dictionaries(HASHABLE, child, max_size=3)
        | st.sets(HASHABLE, max_size=3)
    ),
    max_leaves=20,
)


def sent(value: object) -> object:
    message, _ = Codec().pack(value)
    return Codec().unpack(json.loads(json.dumps(message)))[0]


@given(VALUES)
def test_plain_values_come_back(value):
    assert sent(value) == value
    assert type(sent(value)) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        Counter("aab"), OrderedDict(b=1, a=2), deque([1, 2], 3), bytearray(b"x"), b"\xff", 1j, range(3, 9, 2), int, len,
        Fraction(1, 3), Decimal("1.10"), datetime(2026, 1, 2, tzinfo=UTC), timedelta(days=1), 10**6000, -(10**400),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_library_values_come_back(value):
    assert sent(value) == value
    assert type(sent(value)) is type(value)


def test_structure_comes_back():
    shared: list = [1]
    cycle: list = [shared, shared]
    cycle.append(cycle)
    back = sent(cycle)
    assert back[0] is back[1]
    assert back[2] is back
    long: list = []
    for _ in range(100_000):
        long = [long]
    depth, back = 0, sent(long)
    while back:
        depth, back = depth + 1, back[0]
    assert depth == 100_000
    assert sent(defaultdict(list, a=[1])) == {"a": [1]}


def test_a_subclass_passes_for_nothing_else():
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    assert type(sent(Liar(3))) is int
    assert sent(Liar(3)) != 4


@pytest.mark.parametrize("value", [object(), lambda: 1, iter([1]), eval, __import__])
def test_what_has_no_copy_is_refused(value):
    with pytest.raises(CandidateError):
        Codec().pack(value)


JSON = st.recursive(
    SCALARS | st.sampled_from(["list", "tuple", "dict", "object", "library", "builtin", "mine", "yours", "namedtuple"]),
    lambda child: st.lists(child, max_size=4),
    max_leaves=12,
)


@given(JSON, st.lists(JSON, max_size=4))
def test_a_forged_message_is_refused_or_plain(root, nodes):
    try:
        Codec().unpack({"root": root, "nodes": nodes}, [[1], {}])
    except CandidateError:
        return


@pytest.mark.parametrize(
    "node",
    [
        ["tuple", [[0]]], ["library", ["1e999999999"], "fractions", "Fraction"], ["library", ["x"], "os", "system"],
        ["builtin", "eval"], ["builtin", "__import__"], ["object", "Codec", []], ["mine", 0], ["yours", "check"],
        ["namedtuple", [1], "x", ["__import__('os')"]], ["set", [[0]]], ["no such", []], [], None,
    ],
    ids=repr,
)  # fmt: skip
def test_forged_nodes_are_refused(node):
    with pytest.raises(CandidateError):
        Codec().unpack({"root": [0], "nodes": [node]})
