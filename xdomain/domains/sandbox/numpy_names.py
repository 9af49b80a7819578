"""The names of numpy that tests of programs use, for guests, which see the standard library only.

HumanEval+ and MBPP+ tests compare floats with `np.allclose`, and ask whether a result is an `np.ndarray`. No program
can return an array, because it finds no numpy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see wire.py
if TYPE_CHECKING:
    from typing import Any

nan, inf = float("nan"), float("inf")


class ndarray:  # noqa: N801 -- numpy's name
    """No value is an instance."""


class float64(float):  # noqa: N801 -- numpy's name
    """No result is an instance."""


class float32(float):  # noqa: N801 -- numpy's name
    """No result is an instance."""


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether numbers, or lists of numbers of one shape, agree: |a - b| <= atol + rtol |b|, as numpy does."""
    if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
        pairs = [*zip(listed(a, b), listed(b, a), strict=True)]  # a ValueError for other lengths, as in numpy
        return all(allclose(one, other, rtol, atol, equal_nan) for one, other in pairs)
    if not isinstance(a, (int, float, complex)) or not isinstance(b, (int, float, complex)):
        raise TypeError("not a number")
    if is_nan(a) or is_nan(b):
        return equal_nan and is_nan(a) and is_nan(b)
    return a == b or (abs(b) < inf and abs(a - b) <= atol + rtol * abs(b))


def listed(value: Any, other: Any) -> Any:
    """Return a list unchanged, or a list that repeats a number once per entry of the other list."""
    return value if isinstance(value, (list, tuple)) else [value] * len(other)


def is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124 -- only NaN differs from itself


def __getattr__(name: str) -> Any:
    raise ImportError(f"numpy.{name}")
