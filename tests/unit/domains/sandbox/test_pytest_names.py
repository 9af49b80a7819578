"""The two names of pytest that tests of programs use, compared with pytest."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.domains.sandbox import pytest_names


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (0.1, 0.2),
        ([0.1 + 0.2, 1], [0.3, 1]),
        ([1], [1, 2]),
        ({"a": 0.1 + 0.2}, {"a": 0.3}),
        ({"a": 1}, {"b": 1}),
        ("a", "a"),
        (None, 1.0),
    ],
)
def test_approx_is_pytests(value: Any, expected: Any) -> None:
    assert (pytest_names.approx(expected) == value) == (pytest.approx(expected) == value)


def test_raises() -> None:
    with pytest_names.raises(ValueError, match="b") as caught:
        raise ValueError("abc")
    assert isinstance(caught.value, ValueError)
    pytest_names.raises(ZeroDivisionError, lambda x: 1 / x, 0)
    with pytest.raises(AssertionError, match="did not raise"), pytest_names.raises(ValueError):
        pass
    with pytest.raises(KeyError), pytest_names.raises(ValueError):
        raise KeyError("a")
