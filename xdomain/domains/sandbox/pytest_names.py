"""The two names of pytest that tests of programs use, for guests, which see the standard library only."""

from __future__ import annotations

TYPE_CHECKING = False  # see wire.py
if TYPE_CHECKING:
    from typing import Any


class raises:  # noqa: N801 -- pytest's name
    """`with raises(ValueError): ...` and `raises(ValueError, function, *arguments)`."""

    def __init__(self, expected: Any, *call: Any, match: str | None = None, **keywords: Any) -> None:
        self.expected = expected
        self.match = match
        self.value: BaseException | None = None
        if call:
            with self:
                call[0](*call[1:], **keywords)

    def __enter__(self) -> raises:
        return self

    def __exit__(self, kind: Any, value: Any, trace: object) -> bool:
        import re

        assert kind is not None, f"did not raise {self.expected}"
        self.value = value
        return issubclass(kind, self.expected) and (self.match is None or bool(re.search(self.match, str(value))))


class approx:  # noqa: N801 -- pytest's name
    """A number, or a list or mapping of numbers, that equals what is close to it."""

    def __init__(self, expected: Any, rel: float = 1e-6, abs: float = 1e-12) -> None:  # noqa: A002 -- pytest's name
        self.expected = expected
        self.bounds = (rel, abs)

    def __eq__(self, other: object) -> bool:
        return self.is_close(other, self.expected)

    __hash__ = None  # type: ignore[assignment]

    def is_close(self, value: Any, expected: Any) -> bool:
        import math

        if isinstance(expected, (list, tuple)):
            same = type(value) is type(expected) and len(value) == len(expected)
            return same and all(map(self.is_close, value, expected))
        if isinstance(expected, dict):
            same = isinstance(value, dict) and value.keys() == expected.keys()
            return same and all(self.is_close(value[key], child) for key, child in expected.items())
        if isinstance(value, (int, float)) and isinstance(expected, (int, float)):
            return math.isclose(value, expected, rel_tol=self.bounds[0], abs_tol=self.bounds[1])
        return bool(value == expected)
