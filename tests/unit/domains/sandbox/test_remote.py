"""A value of the other guest asks for everything over the pipes."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.domains.sandbox.remote import OPERATORS, Remote


class Recording:
    """A peer that notes what it is asked."""

    trusting = False

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[tuple[str, Any, list[Any]]] = []
        self.answer = answer

    def request(self, operation: str, target: Any, arguments: list[Any]) -> Any:
        self.asked.append((operation, target, arguments))
        return self.answer


def test_operations_are_asked_of_the_other_side() -> None:
    peer = Recording(3)
    value: Any = Remote(peer, "f")  # type: ignore[arg-type]
    value(1, a=2)
    assert (value.name, value[0]) == (3, 3)
    value[0] = 5
    assert len(value) == 3
    assert [operation for operation, _, _ in peer.asked] == ["call", "get", "item", "set_item", "len"]
    assert peer.asked[0] == ("call", "f", [[1], {"a": 2}])


def test_only_values_of_the_other_side_are_combined() -> None:
    peer = Recording(True)
    one, other = Remote(peer, 1), Remote(peer, 2)  # type: ignore[arg-type]
    assert one + other is True  # type: ignore[operator]
    assert peer.asked[-1] == ("add", 1, [other])
    with pytest.raises(TypeError):
        one + 1  # type: ignore[operator]
    assert one != 1
    assert "lt" in OPERATORS


def test_a_lie_is_no_truth() -> None:
    assert not Remote(Recording(1), 1)  # type: ignore[arg-type]
    assert Remote(Recording(True), 1)  # type: ignore[arg-type]


def test_no_program_supplies_what_the_tests_forgot_to_import() -> None:
    peer = Recording()
    assert Remote(peer, "math").sqrt(9) == 3  # type: ignore[arg-type]
    assert peer.asked == []
    with pytest.raises(AttributeError):
        getattr(Remote(peer, "f"), "__wrapped__")  # type: ignore[arg-type]  # noqa: B009
